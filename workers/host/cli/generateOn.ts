/** A causal model goes on with texts, and says how fast. */
import process from 'node:process'
import * as z from 'zod/mini'
import { greedyTokens } from '../../generate/greedy.ts'
import { TextStream } from '../../generate/textStream.ts'
import { wholeOf } from '../../model/byteSource.ts'
import { createModel } from '../../model/load.ts'
import { MODEL_FILES } from '../../model/manifest.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'
import type { Tokenizer } from '../../model/tokenizer.ts'
import type { LanguageModel, ReadSoFar } from '../../model/types.ts'
import { requireFits, type SoftPrompt } from '../../prompt/softPrompt.ts'
import type { LoadFile } from '../../protocol/tuner.ts'
import type { BackendName, WeightFormat } from '../../protocol/tuning.ts'
import { openModelFolder } from '../modelFolder.ts'
import { openLocalBackend } from '../openLocal.ts'
import { readPromptFolder, readPromptWeights } from '../promptFolder.ts'
import { usageError } from './options.ts'

export type GenerateOptions = {
  readonly modelDir: string
  readonly texts: readonly string[]
  readonly promptDir: string | null
  readonly promptCache: boolean
  readonly maxTokens: number
  /** As the prompt's certificate says where not given. */
  readonly weights: WeightFormat | undefined
  readonly backend: 'auto' | BackendName
  readonly json: boolean
}

/** @param command whose words stand on the terminal. */
export async function generateOn(command: string, typed: GenerateOptions): Promise<number> {
  const { manifest, files } = await openModelFolder(typed.modelDir)
  const tokenizer = modelTokenizer(files)
  const prompt = typed.promptDir === null ? null : await readPromptFolder(typed.promptDir)
  await openLocalBackend(typed.backend)
  const weights = typed.weights ?? (typed.promptDir === null ? 'f32' : await readPromptWeights(typed.promptDir))
  const model = createModel(files, weights)
  if (prompt !== null) requireFits(prompt, { ...model.shape, id: manifest.id })
  const writer = new Writer({ command, model, tokenizer, prompt, ends: endsOf(files), typed })
  try {
    const results: Written[] = []
    for (const text of typed.texts) results.push(await writer.write(text))
    const tokens = results.reduce((sum, { ids }) => sum + ids.length, 0)
    const pace = {
      promptSeconds: writer.promptSeconds,
      tokensPerSecond: tokens / results.reduce((sum, { seconds }) => sum + seconds, 0),
    }
    if (typed.json) process.stdout.write(`${JSON.stringify({ results: results.map(toJson), ...pace })}\n`)
    else process.stderr.write(`${toWords(command, tokens, pace)}\n`)
    return 0
  } finally {
    writer.dispose()
    model.dispose()
  }
}

type Written = {
  readonly text: string
  readonly promptIds: readonly number[]
  readonly ids: readonly number[]
  readonly seconds: number
  /** With the time for the text itself, and for the prompt where that is not kept. */
  readonly firstTokenSeconds: number
}

type WriterParts = {
  readonly command: string
  readonly model: LanguageModel
  readonly tokenizer: Tokenizer
  readonly prompt: SoftPrompt | null
  readonly ends: ReadonlySet<number>
  readonly typed: Pick<GenerateOptions, 'maxTokens' | 'promptCache' | 'json'>
}

class Writer {
  readonly #parts: WriterParts
  #cache: ReadSoFar | null = null
  /** What the prompt's own way through the model took, all times together; null without a prompt. */
  promptSeconds: number | null = null

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  async write(text: string): Promise<Written> {
    const { command, model, tokenizer, ends, typed } = this.#parts
    const promptIds = [...tokenizer.frame.before, ...tokenizer.encode(text)]
    if (promptIds.length === 0) throw usageError(command, '--text is empty; give at least one word')
    const stream = new TextStream(tokenizer, promptIds.slice(tokenizer.frame.before.length))
    const ids: number[] = []
    const started = performance.now()
    let firstTokenSeconds = 0
    const before = this.#readPrompt()
    this.#say(stream.text)
    for await (const { id, isEnd } of greedyTokens({
      model,
      before,
      ids: promptIds,
      maxTokens: typed.maxTokens,
      ends,
    })) {
      if (ids.length === 0) firstTokenSeconds = secondsSince(started)
      if (isEnd) break
      ids.push(id)
      this.#say(stream.add(id))
    }
    const seconds = secondsSince(started)
    this.#say(`${stream.end()}\n`)
    return { text: stream.text, promptIds, ids, seconds, firstTokenSeconds }
  }

  dispose(): void {
    this.#cache?.dispose()
  }

  #readPrompt(): ReadSoFar | null {
    const { model, prompt, typed } = this.#parts
    if (prompt === null || (this.#cache !== null && typed.promptCache)) return this.#cache
    this.#cache?.dispose()
    const started = performance.now()
    const { soFar, hidden } = model.readOn(null, { prompt: prompt.values })
    hidden.dispose()
    this.promptSeconds = (this.promptSeconds ?? 0) + secondsSince(started)
    this.#cache = soFar
    return soFar
  }

  #say(text: string): void {
    if (!this.#parts.typed.json) process.stdout.write(text)
  }
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}

const Ends = z.object({
  eos_token_id: z._default(z.union([z.null(), z.int(), z.array(z.int())]), null),
})

/** What ends a text by the model's configuration; a folder need not say. */
function endsOf(files: readonly LoadFile[]): ReadonlySet<number> {
  const config = files.find(({ name }) => name === MODEL_FILES.config)
  const parsed = Ends.safeParse(config && JSON.parse(new TextDecoder().decode(wholeOf(config))))
  const ids = parsed.success ? parsed.data.eos_token_id : null
  return new Set(ids === null ? [] : [ids].flat())
}

function toJson({ text, promptIds, ids, seconds, firstTokenSeconds }: Written) {
  return { text, promptIds, ids, firstTokenSeconds, tokensPerSecond: ids.length / seconds }
}

type Pace = { readonly promptSeconds: number | null; readonly tokensPerSecond: number }

function toWords(command: string, tokens: number, { promptSeconds, tokensPerSecond }: Pace): string {
  const words = `${command}: ${tokens} tokens, ${tokensPerSecond.toFixed(1)} tokens/s`
  return promptSeconds === null ? words : `${words}; ${promptSeconds.toFixed(3)} s for the prompt's keys`
}
