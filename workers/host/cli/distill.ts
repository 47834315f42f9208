/** `softpost distill`: a student of some of a teacher's layers, trained on public texts to say what the teacher says. */
import { resolve } from 'node:path'
import process from 'node:process'
import { startOfRun, type DistillState, type RunSettings } from '../../distill/checkpoint.ts'
import { readTrainedModel, type TrainedModel } from '../../distill/compute.ts'
import { Corpus, CORPUS_START } from '../../distill/corpus.ts'
import type { Masking } from '../../distill/masking.ts'
import { runDistillation, type DistillProgress, type DistillResult } from '../../distill/run.ts'
import { validate } from '../../distill/validate.ts'
import { writeParameters } from '../../distill/writeParameters.ts'
import { countParameters } from '../../model/transformer/parameters.ts'
import { MANIFEST_NAME } from '../../model/manifest.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import type { ModelFile } from '../../protocol/tuner.ts'
import { openCorpusFile, type OpenCorpusFile } from '../corpusFile.ts'
import { makeManifest, readModelFolder, type ModelFolder } from '../modelFolder.ts'
import { openHostDistiller, type HostDistiller } from '../openDistiller.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'
import type { Command } from './command.ts'
import { HELP, NAME, readArguments, type DistillArguments } from './distillArguments.ts'
import { DistillFiles, findCheckpoint, milestoneName, pathsBeside } from './distillFiles.ts'
import { describeStudent } from './distilledStudent.ts'
import { requireFree, writeFolder, type OutFolder } from './outFolder.ts'
import { duration, progressLine } from './progress.ts'
import { takeLayers } from './takeLayers.ts'

export const distillCommand: Command = {
  name: NAME,
  summary: "train a student of some of a teacher's layers on public texts",
  help: HELP,
  run: distill,
}

async function distill(args: readonly string[]): Promise<number> {
  const asked = readArguments(args)
  const { result, summary } = await distillStudent(asked)
  process.stdout.write(asked.json ? `${JSON.stringify(summary)}\n` : toWords(result, asked.folder.out))
  return 0
}

/** Writes the student's folder, and its losses beside it. Errors: `usage`, and those of reading models and corpora. */
export async function distillStudent(
  asked: DistillArguments,
): Promise<{ readonly result: DistillResult; readonly summary: Summary }> {
  for (const folder of [asked.folder, ...milestonesOf(asked)]) await requireFree(folder)
  const checkpoint = await findCheckpoint(NAME, pathsBeside(asked.folder.out), {
    resume: asked.resume,
    force: asked.folder.force,
  })
  const teacher = await readModelFolder(asked.teacherDir)
  const cut = takeLayers(NAME, teacher, asked.layers)
  const student = readTrainedModel(cut)
  requireContext(asked, student.blueprint.contextLength)
  const corpusFiles = await openCorpusFiles(asked)
  try {
    const corpus = await openCorpus(asked, teacher, corpusFiles)
    const host = await openHostDistiller(
      { teacher: teacher.files, student: cut, frozenEmbeddings: asked.frozenEmbeddings },
      asked,
    )
    try {
      const run = { asked, teacher, cut, student, checkpoint, corpus, corpusFiles, host }
      return await train(run)
    } finally {
      await host.close()
    }
  } finally {
    for (const { close } of corpusFiles) await close()
  }
}

type Training = {
  readonly asked: DistillArguments
  readonly teacher: ModelFolder
  /** The student as it is before the first step. */
  readonly cut: readonly ModelFile[]
  readonly student: TrainedModel
  readonly checkpoint: Uint8Array<ArrayBuffer> | null
  readonly corpus: Corpus
  readonly corpusFiles: readonly OpenCorpusFile[]
  readonly host: HostDistiller
}

/** From the cut student, or the checkpoint, to the student's folder. */
async function train(run: Training): Promise<{ readonly result: DistillResult; readonly summary: Summary }> {
  const { asked, corpus, checkpoint } = run
  const { distiller } = run.host
  const { slots, values } = run.student
  const fresh = startOfRun(values.slice(0, countParameters(slots, asked.frozenEmbeddings)))
  const heldOut = await corpus.heldOut()
  const masking = maskingOf(run)
  const { files, from } = await DistillFiles.open(pathsBeside(asked.folder.out), settingsOf(run), { checkpoint, fresh })
  try {
    const line = progressLine()
    line.end(`${NAME}: ${describeStart(from, heldOut.length)}`)
    const result = await runDistillation({
      distiller,
      from,
      corpus,
      settings: asked.settings,
      masking,
      measure: (trained) => validate(distiller, trained, heldOut, masking),
      onProgress: (progress) => line.show(describe(progress)),
      record: (record) => files.record(record),
      save: (state) => files.save(state),
      keep: (state) => writeStudent(run, state, milestone(asked, state.steps)),
    })
    line.end(`${NAME}: ${result.state.steps} steps in ${duration(result.state.seconds)}`)
    await writeStudent(run, result.state, asked)
    await files.finish()
    return { result, summary: summarise(result, asked.folder.out) }
  } finally {
    await files.close()
  }
}

type Place = Pick<DistillArguments, 'folder' | 'id'>

async function writeStudent(run: Training, state: DistillState, { folder, id }: Place): Promise<void> {
  run.student.values.set(state.values)
  const student = writeParameters(run.cut, run.student)
  const manifest = await makeManifest(describeStudent({ ...run.asked, id }, run.teacher, state), student)
  await writeFolder(folder, [
    ...student,
    // Last: a folder that was cut short has no manifest that speaks for it.
    { name: MANIFEST_NAME, bytes: `${JSON.stringify(manifest, null, 2)}\n` },
  ])
}

/** A run that goes on may have left those behind its checkpoint, and writes the same again. */
function milestone({ folder, id, resume }: DistillArguments, step: number): Place {
  const out = milestoneName(resolve(folder.out), step)
  return { folder: { ...folder, out, force: folder.force || resume }, id: milestoneName(id, step) }
}

function milestonesOf(asked: DistillArguments): OutFolder[] {
  return asked.settings.milestones.map((step) => milestone(asked, step).folder)
}

/** Null for a causal model, which is asked for the next token. */
function maskingOf({ asked, teacher, student }: Training): Masking | null {
  const { frame, maskTokenId } = modelTokenizer(teacher.files)
  if (maskTokenId === null) return null
  const { vocabulary } = student.blueprint
  return { maskTokenId, vocabulary, special: [...frame.before, ...frame.after], seed: asked.seed }
}

function requireContext({ sequence }: DistillArguments, contextLength: number): void {
  if (sequence <= contextLength) return
  throw new SoftpostError('usage', `${NAME}: --sequence ${sequence} is more than the model's ${contextLength}`)
}

async function openCorpusFiles({ corpusFiles, columns, template }: DistillArguments): Promise<OpenCorpusFile[]> {
  const opened: OpenCorpusFile[] = []
  try {
    for (const { path } of corpusFiles) opened.push(await openCorpusFile(path, columns, template))
    return opened
  } catch (error) {
    for (const { close } of opened) await close()
    throw error
  }
}

async function openCorpus(
  { corpusFiles, sequence, seed }: DistillArguments,
  teacher: ModelFolder,
  opened: readonly OpenCorpusFile[],
): Promise<Corpus> {
  const tokenizer = modelTokenizer(teacher.files)
  const { before, after } = tokenizer.frame
  const files = opened.map(({ source }, place) => ({ source, times: corpusFiles[place]?.times ?? 1 }))
  const encode = (text: string): number[] => [...before, ...tokenizer.encode(text), ...after]
  const corpus = new Corpus(files, { encode, sequence, seed })
  const { sequences } = await corpus.draw(CORPUS_START, 1)
  if (sequences.length > 0) return corpus
  throw new SoftpostError('no-rows', 'the corpus has no text of a few words; give more of it')
}

/** All that the numbers of a run follow from; a checkpoint of another run is refused. */
function settingsOf({ asked, teacher, corpusFiles, host }: Training): RunSettings {
  // When it is saved and kept changes nothing.
  const { checkpointEvery: _, milestones: _kept, ...settings } = asked.settings
  return {
    ...settings,
    teacher: teacher.manifest.sha256,
    layers: asked.layers,
    frozenEmbeddings: asked.frozenEmbeddings,
    corpus: corpusFiles.map(({ sha256 }, place) => [sha256, asked.corpusFiles[place]?.times ?? 1]),
    columns: asked.columns,
    template: asked.template,
    sequence: asked.sequence,
    seed: asked.seed,
    backend: host.backend,
    threads: host.threads,
  }
}

function describeStart({ steps }: DistillState, heldOut: number): string {
  return steps === 0
    ? `measuring the student as it is cut, on ${heldOut} held-out texts`
    : `going on after step ${steps}`
}

function describe({ steps, tokensPerSecond, terms, secondsLeft }: DistillProgress): string {
  const { ce, lm, cos } = terms
  const losses = `ce ${ce.toFixed(3)}, lm ${lm.toFixed(3)}, cos ${cos.toFixed(3)}`
  return `${NAME}: step ${steps}, ${losses}, ${Math.round(tokensPerSecond)} tokens/s, about ${duration(secondsLeft)} left`
}

type Summary = {
  readonly steps: number
  readonly tokens: number
  readonly validationPerplexity: number
  readonly teacherPerplexity: number
  readonly teacherAgreement: number
  readonly tokensPerSecond: number
  readonly out: string
}

function summarise({ state, after }: DistillResult, out: string): Summary {
  return {
    steps: state.steps,
    tokens: state.tokens,
    validationPerplexity: after.perplexity,
    teacherPerplexity: after.teacherPerplexity,
    teacherAgreement: after.agreement,
    tokensPerSecond: state.tokens / state.seconds,
    out,
  }
}

function toWords({ before, after }: DistillResult, out: string): string {
  const perplexity = before === null ? '' : `${before.perplexity.toFixed(1)} -> `
  const agreement = before === null ? '' : `${before.agreement.toFixed(3)} -> `
  return (
    `held-out perplexity ${perplexity}${after.perplexity.toFixed(1)} (teacher ${after.teacherPerplexity.toFixed(1)}), ` +
    `agreement with the teacher ${agreement}${after.agreement.toFixed(3)}; the student is in ${out}\n`
  )
}
