/** A thread of distillation on Node. */
import { parentPort } from 'node:worker_threads'
import { serveDistillMember } from '../distill/member.ts'

parentPort?.once('message', (port: MessagePort) => serveDistillMember(port))
