/** `softpost generate`: a causal model goes on with a text, or answers an extract task, with or without a soft prompt. */
import { parseArgs } from 'node:util'
import type { Command } from './command.ts'
import { generateAnswers } from './generateAnswers.ts'
import { generateOn } from './generateOn.ts'
import { parseOptions, readBackend, readNumber, readWeights, requireOption, usageError } from './options.ts'

const NAME = 'generate'
const MOST_TOKENS = 64

const HELP = `Usage: softpost generate --model DIR --text TEXT [options]
       softpost generate --model DIR --task FILE (--data FILE | --text TEXT) [options]

Goes on with a text, each time with the likeliest token, and writes as it goes. Ends at the model's own end of text.
With a task of kind "extract" it answers: each text is filled into the task's template, and the answer ends at its end
mark. On a file with answers it prints exact match (letter case and spaces around apart) and the F1 of words.
Tasks with classes are for: softpost classify.

  --model DIR         folder of a causal model
  --text TEXT         the text to go on with, or to answer; may be given more than once
  --prompt DIR        PEFT folder with a prompt for this model; its keys and values are computed once for all texts
  --weights NAME      what the model's weights are rounded to: f32 (the numbers of the files), f16, int8, or
                      f16-mixed, whose products are formed in f16 too where a GPU can (default: as the prompt's
                      certificate says, f32 without one)
  --backend NAME      auto, webgpu or wasm (default auto)

Without a task:
  --max-tokens N      tokens to write for each text (default ${MOST_TOKENS})
  --no-prompt-cache   compute the prompt's keys and values anew for each text, to compare
  --json              print nothing but one line of JSON: {"results": [{"text", "promptIds", "ids", "firstTokenSeconds",
                      "tokensPerSecond"}], "promptSeconds", "tokensPerSecond"}

With a task:
  --task FILE         the task (docs/formats.md)
  --data FILE         texts to answer: CSV, TSV, JSON lines, or one text a line; with a column of answers they are measured
  --out FILE          write each row's answer as JSON lines: {"text", "answer", "ended", "tokens": [{"text", "probability"}]}
                      and, where the file has answers, "wanted"
  --text-column NAME  column of the texts (default text)
  --label-column NAME column of the wanted answers (default answer, or label)
  --json              the last line of standard output is {"n", "exactMatch", "f1", "tokens", "tokensPerSecond",
                      "examplesPerSecond"}, without wanted answers less exactMatch and f1; with --text it is
                      {"results": [{"text", "answer", "ended", "tokens"}]}
`

export const generateCommand: Command = {
  name: NAME,
  summary: 'let a model go on with a text or answer an extract task, with or without a prompt',
  help: HELP,
  run: generate,
}

const text = { type: 'string' } as const
const OPTIONS = {
  model: text,
  text: { type: 'string', multiple: true },
  task: text,
  data: text,
  out: text,
  'text-column': text,
  'label-column': text,
  prompt: text,
  'no-prompt-cache': { type: 'boolean' },
  'max-tokens': text,
  weights: text,
  backend: text,
  json: { type: 'boolean' },
} as const

async function generate(args: readonly string[]): Promise<number> {
  const { values } = parseOptions(NAME, () => parseArgs({ args: [...args], options: OPTIONS }))
  const common = {
    modelDir: requireOption(NAME, 'model', values.model),
    promptDir: values.prompt ?? null,
    weights: readWeights(NAME, values.weights),
    backend: readBackend(NAME, values.backend),
    json: values.json === true,
  }
  const texts = values.text ?? []
  if (values.task === undefined) {
    const stray = (['data', 'out', 'text-column', 'label-column'] as const).find((name) => values[name] !== undefined)
    if (stray !== undefined) throw usageError(NAME, `--${stray} goes with --task FILE, a task of kind "extract"`)
    if (texts.length === 0) throw usageError(NAME, '--text is needed')
    const maxTokens = readNumber(NAME, 'max-tokens', values['max-tokens']) ?? MOST_TOKENS
    if (!Number.isInteger(maxTokens) || maxTokens < 1) throw usageError(NAME, '--max-tokens is a whole number from 1')
    return await generateOn(NAME, { ...common, texts, maxTokens, promptCache: values['no-prompt-cache'] !== true })
  }
  if (values['max-tokens'] !== undefined)
    throw usageError(NAME, '--max-tokens is for texts without a task, which has its own')
  if (values['no-prompt-cache'] === true) throw usageError(NAME, '--no-prompt-cache is for texts without a task')
  if ((values.data === undefined) === (texts.length === 0)) {
    throw usageError(NAME, 'with --task give either --data FILE or --text TEXT')
  }
  return await generateAnswers(NAME, {
    ...common,
    texts,
    taskFile: values.task,
    dataFile: values.data ?? null,
    out: values.out ?? null,
    columns: { text: values['text-column'], label: values['label-column'] },
  })
}
