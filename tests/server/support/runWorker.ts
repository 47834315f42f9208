/** The same for a worker: node runWorker.ts OPTIONS-AS-JSON. Says so when it begins. */
import process from 'node:process'
import { startWorker } from '../../../workers/host/cli/worker.ts'
import type { TransferOptions } from '../../../workers/host/config.ts'
import { SCRIPTS } from './scripts.ts'

const options = JSON.parse(process.argv[2] ?? '') as TransferOptions
await startWorker({ ...options, monitor: null }, { script: SCRIPTS.transfer })
process.stdout.write('works\n')
