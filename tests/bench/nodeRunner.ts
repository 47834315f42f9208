/** Measured things as child processes. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Runner, Running } from './measure.ts'
import type { Answer } from './measured.ts'

export const nodeRunner: Runner = async (spec): Promise<Running> => {
  const child = fork(new URL('child.ts', import.meta.url), [JSON.stringify(spec)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return {
    opened: await answerOf(child),
    ask: async (question) => {
      child.send(question)
      return await answerOf(child)
    },
    end: async () => {
      if (child.exitCode !== null) return
      const exit = once(child, 'exit')
      child.send('end')
      await exit
    },
  }
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  return await new Promise<Answer>((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`a measured process ended with code ${code}`))
    child.once('exit', gone)
    child.once('message', (message) => {
      child.off('exit', gone)
      resolve(message as Answer)
    })
  })
}
