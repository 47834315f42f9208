/** `softpost distill`: a student of some of a teacher's layers, trained on public texts to say what the teacher says. */
import { basename } from 'node:path'
import process from 'node:process'
import { readGpt2 } from '../../distill/compute.ts'
import { Corpus, type CorpusFile } from '../../distill/corpus.ts'
import { runDistillation, validate, type DistillProgress, type DistillResult } from '../../distill/run.ts'
import { writeParameters } from '../../distill/writeParameters.ts'
import { countParameters } from '../../model/gpt2/parameters.ts'
import { MANIFEST_NAME } from '../../model/manifest.ts'
import { SoftpostError } from '../../protocol/errors.ts'
import { readDataFile } from '../inputs.ts'
import { makeManifest, readModelFolder, type ManifestWords, type ModelFolder } from '../modelFolder.ts'
import { openHostDistiller } from '../openDistiller.ts'
import { folderTokenizer } from '../work/tokenizer.ts'
import type { Command } from './command.ts'
import { HELP, NAME, readArguments, type DistillArguments } from './distillArguments.ts'
import { requireFree, writeFolder } from './outFolder.ts'
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
  const { frozenEmbeddings, settings, folder } = asked
  await requireFree(folder)
  const teacher = await readModelFolder(asked.teacherDir)
  const cut = takeLayers(NAME, teacher, asked.layers)
  const { config, slots, values } = readGpt2(cut)
  if (asked.sequence > config.contextLength) {
    throw new SoftpostError(
      'usage',
      `${NAME}: --sequence ${asked.sequence} is more than the model's ${config.contextLength}`,
    )
  }
  const corpus = await readCorpus(asked, teacher)
  const line = progressLine()
  const { distiller, close } = await openHostDistiller(
    { teacher: teacher.files, student: cut, frozenEmbeddings },
    asked.threads,
  )
  try {
    const start = values.slice(0, countParameters(slots, frozenEmbeddings))
    const heldOut = corpus.heldOut()
    line.show(`${NAME}: measuring the student as it is cut, on ${heldOut.length} held-out texts`)
    const before = await validate(distiller, start, heldOut)
    const result = await runDistillation({
      distiller,
      start,
      draw: (count) => corpus.draw(count),
      settings,
      onProgress: (progress) => line.show(describe(progress)),
    })
    line.end(`${NAME}: ${result.steps} steps, ${Math.round(result.tokensPerSecond)} tokens/s; measuring`)
    const after = await validate(distiller, result.values, heldOut)
    values.set(result.values)
    const files = writeParameters(cut, slots, values)
    const manifest = await makeManifest(describeStudent(asked, teacher, result), files)
    await writeFolder(folder, [
      ...files,
      // Last: a folder that was cut short has no manifest that speaks for it.
      { name: MANIFEST_NAME, bytes: `${JSON.stringify(manifest, null, 2)}\n` },
    ])
    const summary = {
      steps: result.steps,
      tokens: result.tokens,
      validationPerplexity: after.perplexity,
      teacherPerplexity: after.teacherPerplexity,
      teacherAgreement: after.agreement,
      tokensPerSecond: result.tokensPerSecond,
      out: folder.out,
    }
    process.stdout.write(
      `held-out perplexity ${before.perplexity.toFixed(1)} -> ${after.perplexity.toFixed(1)} (teacher ${after.teacherPerplexity.toFixed(1)}), ` +
        `agreement with the teacher ${before.agreement.toFixed(3)} -> ${after.agreement.toFixed(3)}; the student is in ${folder.out}\n`,
    )
    if (asked.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
    return 0
  } finally {
    await close()
  }
}

async function readCorpus(asked: DistillArguments, teacher: ModelFolder): Promise<Corpus> {
  const tokenizer = folderTokenizer(teacher)
  const { before, after } = tokenizer.frame
  const files: CorpusFile[] = []
  for (const { path, times } of asked.corpusFiles) {
    const { report, examples } = await readDataFile(path, asked.columns)
    const template = report.format === 'text' ? '{text}' : asked.template
    files.push({ texts: examples.map(({ text, label }) => fill(template, text, label)), times })
  }
  const corpus = new Corpus(files, {
    encode: (text) => [...before, ...tokenizer.encode(text), ...after],
    sequence: asked.sequence,
    seed: asked.seed,
  })
  if (corpus.draw(1).length > 0) return corpus
  throw new SoftpostError('no-rows', 'the corpus has no text of a few words; give more of it')
}

function fill(template: string, text: string, label: string | null): string {
  return template.replace('{text}', () => text).replace('{label}', () => label ?? '')
}

function describe({ steps, tokensPerSecond, terms, secondsLeft }: DistillProgress): string {
  const { ce, lm, cos } = terms
  const losses = `ce ${ce.toFixed(3)}, lm ${lm.toFixed(3)}, cos ${cos.toFixed(3)}`
  return `${NAME}: step ${steps}, ${losses}, ${Math.round(tokensPerSecond)} tokens/s, about ${duration(secondsLeft)} left`
}

function describeStudent(asked: DistillArguments, teacher: ModelFolder, result: DistillResult): ManifestWords {
  const { manifest } = teacher
  const { weights, temperature } = asked.settings
  const kept = `layers ${asked.layers.join(', ')} of the ${manifest.layers} layers of ${manifest.id}`
  const corpus = [...new Set(asked.corpusFiles.map(({ path }) => basename(path)))].join(', ')
  return {
    id: asked.id,
    role: 'student',
    teacher: manifest.id,
    name: `${manifest.name}, distilled to ${asked.layers.length} of its ${manifest.layers} layers`,
    description: `Embeddings, head and ${kept}, distilled from it on public text.`,
    licence: manifest.licence,
    provenance:
      `Cut from ${manifest.id} (sha256 ${manifest.sha256}) and distilled by softpost distill: ` +
      `${weights.ce} ce + ${weights.lm} lm + ${weights.cos} cos at temperature ${temperature}, ${result.steps} steps, ` +
      `${result.tokens} tokens of ${corpus}${asked.frozenEmbeddings ? ', token embeddings frozen' : ''}.` +
      (manifest.provenance === undefined ? '' : ` ${manifest.id}: ${manifest.provenance}`),
  }
}
