/** What a run of distillation keeps beside the student's folder: its losses, and a checkpoint while it is not done. */
import { mkdir, open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import * as z from 'zod/mini'
import { readCheckpoint, writeCheckpoint, type DistillState, type RunSettings } from '../../distill/checkpoint.ts'
import { lossCurvesSvg } from '../../distill/lossCurves.ts'
import type { DistillRecord } from '../../distill/run.ts'
import { isMissing, writeFileAtomically } from '../store/atomic.ts'
import { usageError } from './options.ts'

export type DistillPaths = { readonly checkpoint: string; readonly losses: string; readonly curves: string }

export function pathsBeside(out: string): DistillPaths {
  const base = resolve(out)
  return { checkpoint: `${base}.checkpoint`, losses: `${base}.losses.jsonl`, curves: `${base}.losses.svg` }
}

/** What the student is called, or its folder, as it was after a step in the middle of the run. */
export function milestoneName(whole: string, step: number): string {
  return `${whole}.step-${step}`
}

/**
 * A checkpoint of an earlier run, if it is to go on. To be asked before the work begins.
 * @throws SoftpostError `usage` where there is one and neither `--resume` nor `--force` says what to do with it.
 */
export async function findCheckpoint(
  command: string,
  { checkpoint }: DistillPaths,
  { resume, force }: { readonly resume: boolean; readonly force: boolean },
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const bytes = new Uint8Array(await readFile(checkpoint))
    if (resume) return bytes
    if (force) return null
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  throw usageError(
    command,
    `${checkpoint} is of a run that did not end; add --resume to go on, or --force to start again`,
  )
}

/** The losses as JSON lines, and checkpoints that never know of a step that the losses do not. */
export class DistillFiles {
  readonly #paths: DistillPaths
  readonly #settings: RunSettings
  readonly #losses: FileHandle

  private constructor(paths: DistillPaths, settings: RunSettings, losses: FileHandle) {
    this.#paths = paths
    this.#settings = settings
    this.#losses = losses
  }

  /**
   * Where the run begins: `fresh`, or what the checkpoint holds; later records of the losses are taken off.
   * @throws SoftpostError those of `readCheckpoint`.
   */
  static async open(
    paths: DistillPaths,
    settings: RunSettings,
    { checkpoint, fresh }: { readonly checkpoint: Uint8Array<ArrayBuffer> | null; readonly fresh: DistillState },
  ): Promise<{ readonly files: DistillFiles; readonly from: DistillState }> {
    await mkdir(dirname(paths.losses), { recursive: true })
    const from = checkpoint === null ? fresh : readCheckpoint(checkpoint, settings)
    const kept = checkpoint === null ? '' : await recordsUpTo(paths.losses, from.steps)
    await writeFileAtomically(paths.losses, kept)
    if (checkpoint === null) await rm(paths.checkpoint, { force: true })
    return { files: new DistillFiles(paths, settings, await open(paths.losses, 'a')), from }
  }

  async record(record: DistillRecord): Promise<void> {
    await this.#losses.appendFile(`${JSON.stringify(record)}\n`)
  }

  async save(state: DistillState): Promise<void> {
    await this.#losses.sync()
    await writeFileAtomically(this.#paths.checkpoint, writeCheckpoint(state, this.#settings))
  }

  /** To be called once the student is written: the losses as a picture, and no checkpoint any more. */
  async finish(): Promise<void> {
    await this.#losses.sync()
    await writeFileAtomically(this.#paths.curves, lossCurvesSvg(await readLosses(this.#paths)))
    await rm(this.#paths.checkpoint, { force: true })
  }

  async close(): Promise<void> {
    await this.#losses.close()
  }
}

/** The records of a run that has ended, of our own writing; none where it kept none. */
export async function readLosses({ losses }: Pick<DistillPaths, 'losses'>): Promise<DistillRecord[]> {
  const lines = (await readOptional(losses)).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as DistillRecord)
}

const Line = z.looseObject({ step: z.int() })

/** A line that a kill cut short comes after the last checkpoint, like all that are taken off. */
async function recordsUpTo(path: string, step: number): Promise<string> {
  const lines = (await readOptional(path)).split('\n')
  const end = lines.findIndex((line) => (stepOf(line) ?? Number.POSITIVE_INFINITY) > step)
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => `${line}\n`)
    .join('')
}

function stepOf(line: string): number | null {
  try {
    return Line.safeParse(JSON.parse(line)).data?.step ?? null
  } catch {
    // Cut short.
    return null
  }
}

async function readOptional(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}
