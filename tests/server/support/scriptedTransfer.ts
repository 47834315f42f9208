/** A compute process that does what the test's script says, over the real channel and with real files. */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { SoftpostError } from '../../../workers/protocol/errors.ts'
import { PARTS } from '../../../workers/protocol/wire.ts'
import { serveCalls } from '../../../workers/host/work/childHarness.ts'
import type { TransferWork } from '../../../workers/host/work/types.ts'
import { HELD_STEP, promptConfig, promptFile, type Script } from './uploads.ts'

const ROWS = 3

serveCalls(async (body, onProgress) => {
  const work = body as TransferWork
  const script = JSON.parse(work.task.initText) as Script
  const starts = await sign(script.folder)
  const say = (step: number) => onProgress({ phase: 'steps', step, steps: 2, loss: 0.5, alpha: 0.5, secondsLeft: 1 })
  say(1)
  if (script.lastsMs !== undefined) await setTimeout(script.lastsMs)
  if (script.hold) await released(join(script.folder ?? '', 'release'), () => say(HELD_STEP))
  if (script.does === 'crash' && starts <= (script.times ?? 1)) process.kill(process.pid, 'SIGKILL')
  if (script.does === 'fail') throw new SoftpostError('label-word', 'the word "great" is two tokens of the large model')
  const { width } = JSON.parse(await readFile(join(work.teacherDir, 'manifest.json'), 'utf8')) as { width: number }
  const value = script.does === 'not-finite' ? Number.NaN : 0.25
  if (work.logitsDir !== undefined) await mkdir(work.logitsDir, { recursive: true })
  await mkdir(work.outDir, { recursive: true })
  await writeFile(join(work.outDir, PARTS.config), promptConfig(ROWS, width))
  await writeFile(
    join(work.outDir, PARTS.weights),
    promptFile(ROWS, width, () => value),
  )
  return { alpha: 0.5, steps: 2, loss: 0.25, out: work.outDir }
})

/** Leaves a line for this start and says how many there are. */
async function sign(folder: string | undefined): Promise<number> {
  if (folder === undefined) return 1
  await appendFile(join(folder, 'starts'), `${process.pid}\n`)
  return (await readFile(join(folder, 'starts'), 'utf8')).split('\n').length - 1
}

async function released(file: string, onWait: () => void): Promise<void> {
  if (existsSync(file)) return
  onWait()
  while (!existsSync(file)) await setTimeout(20)
}
