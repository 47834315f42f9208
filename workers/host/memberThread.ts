/** A thread of the pool on Node. */
import { parentPort } from 'node:worker_threads'
import { serveMember } from '../pool/member.ts'
import './storedFiles.ts'

parentPort?.once('message', (port: MessagePort) => serveMember(port))
