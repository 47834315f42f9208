/** `softpost generate`: a causal model goes on with a text, with or without a soft prompt before it. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { greedyTokens } from '../../generate/greedy.ts'
import { TextStream } from '../../generate/textStream.ts'
import { wholeOf } from '../../model/byteSource.ts'
import { createModel } from '../../model/load.ts'
import { MODEL_FILES } from '../../model/manifest.ts'
import type { Tokenizer } from '../../model/tokenizer.ts'
import type { LanguageModel, ReadSoFar } from '../../model/types.ts'
import { requireFits, type SoftPrompt } from '../../prompt/softPrompt.ts'
import type { LoadFile } from '../../protocol/tuner.ts'
import type { BackendName, WeightFormat } from '../../protocol/tuning.ts'
import { openModelFolder } from '../modelFolder.ts'
import { openLocalBackend } from '../openLocal.ts'
import { readPromptFolder } from '../promptFolder.ts'
import { modelTokenizer } from '../../model/modelTokenizer.ts'
import type { Command } from './command.ts'
import { parseOptions, readBackend, readNumber, readWeights, requireOption, usageError } from './options.ts'

const NAME = 'generate'
const MOST_TOKENS = 64

const HELP = `Usage: softpost generate --model DIR --text TEXT [options]

Goes on with a text, each time with the likeliest token, and writes as it goes. Ends at the model's own end of text.

  --model DIR         folder of a causal model
  --text TEXT         the text to go on with; may be given more than once
  --prompt DIR        PEFT folder with a prompt for this model; its keys and values are computed once for all texts
  --no-prompt-cache   compute them anew for each text, to compare
  --max-tokens N      tokens to write for each text (default ${MOST_TOKENS})
  --weights FORMAT    f32, f16 or int8 (default f32)
  --backend NAME      auto, webgpu or wasm (default auto)
  --json              print nothing but one line of JSON: {"results": [{"text", "promptIds", "ids", "firstTokenSeconds",
                      "tokensPerSecond"}], "promptSeconds", "tokensPerSecond"}
`

export const generateCommand: Command = {
  name: NAME,
  summary: 'let a model go on with a text, with or without a prompt',
  help: HELP,
  run: generate,
}

async function generate(args: readonly string[]): Promise<number> {
  const typed = readArguments(args)
  const { manifest, files } = await openModelFolder(typed.modelDir)
  const tokenizer = modelTokenizer(files)
  const prompt = typed.promptDir === null ? null : await readPromptFolder(typed.promptDir)
  await openLocalBackend(typed.backend)
  const model = createModel(files, typed.weights)
  if (prompt !== null) requireFits(prompt, { ...model.shape, id: manifest.id })
  const writer = new Writer({ model, tokenizer, prompt, ends: endsOf(files), typed })
  try {
    const results: Written[] = []
    for (const text of typed.texts) results.push(await writer.write(text))
    const tokens = results.reduce((sum, { ids }) => sum + ids.length, 0)
    const pace = {
      promptSeconds: writer.promptSeconds,
      tokensPerSecond: tokens / results.reduce((sum, { seconds }) => sum + seconds, 0),
    }
    if (typed.json) process.stdout.write(`${JSON.stringify({ results: results.map(toJson), ...pace })}\n`)
    else process.stderr.write(`${toWords(tokens, pace)}\n`)
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
  readonly model: LanguageModel
  readonly tokenizer: Tokenizer
  readonly prompt: SoftPrompt | null
  readonly ends: ReadonlySet<number>
  readonly typed: Pick<GenerateArguments, 'maxTokens' | 'promptCache' | 'json'>
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
    const { model, tokenizer, ends, typed } = this.#parts
    const promptIds = [...tokenizer.frame.before, ...tokenizer.encode(text)]
    if (promptIds.length === 0) throw usageError(NAME, '--text is empty; give at least one word')
    const stream = new TextStream(tokenizer, promptIds.slice(tokenizer.frame.before.length))
    const ids: number[] = []
    const started = performance.now()
    let firstTokenSeconds = 0
    const before = this.#readPrompt()
    this.#say(stream.text)
    for await (const id of greedyTokens({ model, before, ids: promptIds, maxTokens: typed.maxTokens, ends })) {
      if (ids.length === 0) firstTokenSeconds = secondsSince(started)
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

function toWords(tokens: number, { promptSeconds, tokensPerSecond }: Pace): string {
  const words = `${NAME}: ${tokens} tokens, ${tokensPerSecond.toFixed(1)} tokens/s`
  return promptSeconds === null ? words : `${words}; ${promptSeconds.toFixed(3)} s for the prompt's keys`
}

type GenerateArguments = {
  readonly modelDir: string
  readonly texts: readonly string[]
  readonly promptDir: string | null
  readonly promptCache: boolean
  readonly maxTokens: number
  readonly weights: WeightFormat
  readonly backend: 'auto' | BackendName
  readonly json: boolean
}

const text = { type: 'string' } as const
const OPTIONS = {
  model: text,
  text: { type: 'string', multiple: true },
  prompt: text,
  'no-prompt-cache': { type: 'boolean' },
  'max-tokens': text,
  weights: text,
  backend: text,
  json: { type: 'boolean' },
} as const

function readArguments(args: readonly string[]): GenerateArguments {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const maxTokens = readNumber(NAME, 'max-tokens', values['max-tokens']) ?? MOST_TOKENS
  if (!Number.isInteger(maxTokens) || maxTokens < 1) throw usageError(NAME, '--max-tokens is a whole number from 1')
  const texts = values.text ?? []
  if (texts.length === 0) throw usageError(NAME, '--text is needed')
  return {
    modelDir: requireOption(NAME, 'model', values.model),
    texts,
    promptDir: values.prompt ?? null,
    promptCache: values['no-prompt-cache'] !== true,
    maxTokens,
    weights: readWeights(NAME, values.weights) ?? 'f32',
    backend: readBackend(NAME, values.backend),
    json: values.json === true,
  }
}
