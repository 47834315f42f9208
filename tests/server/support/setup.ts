/** The first start of an embedded database takes seconds: made once for all suites, copied for each test. */
import type { TestProject } from 'vitest/node'
import { TransferQueue } from '../../../workers/host/queue/queue.ts'
import { temporaryFolder } from './folders.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of an embedded database with the queue's tables and no row. */
    readonly queueTemplate: string
  }
}

const log = () => undefined

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await temporaryFolder()
  const queue = await TransferQueue.open({ dataDir: folder.path, databaseUrl: null, log, expireSeconds: 600 })
  await queue.close()
  project.provide('queueTemplate', `${folder.path}/queue`)
  return () => folder[Symbol.asyncDispose]()
}
