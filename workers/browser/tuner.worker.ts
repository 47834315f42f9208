/** The worker that reads the rows. It has no network: its response's policy refuses every way out. */
import { expose } from 'comlink'
import { openEngine } from '../pool/engine.ts'
import { answering } from './failures.ts'
import { createTuner } from './tunerService.ts'

expose(answering(createTuner({ openEngine, locks: navigator.locks, origin: location.origin })))
