/**
 * Debian's Firefox by WebDriver BiDi, which it speaks itself: Playwright drives a Firefox of its own making alone, and
 * asks others for commands that the long-term release does not know.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import * as z from 'zod/mini'

/** https://www.w3.org/TR/webdriver-bidi/, section 5: the protocol. */
const Answer = z.looseObject({
  id: z.optional(z.nullable(z.number())),
  type: z.enum(['success', 'error', 'event']),
  result: z.optional(z.unknown()),
  message: z.optional(z.string()),
})
const Tree = z.looseObject({ contexts: z.array(z.looseObject({ context: z.string() })) })
const Evaluated = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('success'), result: z.looseObject({ value: z.optional(z.unknown()) }) }),
  z.looseObject({ type: z.literal('exception'), exceptionDetails: z.looseObject({ text: z.string() }) }),
])
const Nodes = z.looseObject({ nodes: z.array(z.looseObject({ sharedId: z.string() })) })

const START_MS = 60_000
const POLL_MS = 200

export class Firefox {
  readonly #process: ChildProcess
  readonly #socket: WebSocket
  readonly #profile: string
  readonly #waiting = new Map<number, (answer: z.infer<typeof Answer>) => void>()
  #lastId = 0
  #context = ''

  private constructor(process: ChildProcess, socket: WebSocket, profile: string) {
    this.#process = process
    this.#socket = socket
    this.#profile = profile
    socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const answer = Answer.parse(JSON.parse(data))
      if (typeof answer.id === 'number') this.#waiting.get(answer.id)?.(answer)
    })
  }

  static async start(program: string): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), 'softpost-firefox-'))
    // Nothing of the browser's own on the wire, and no first-run pages.
    writeFileSync(join(profile, 'user.js'), 'user_pref("app.update.enabled", false);\n')
    const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank']
    const process = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const socket = new WebSocket(`${await addressOf(process)}/session`)
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true })
      socket.addEventListener('error', () => reject(new Error('Firefox took no connection')), { once: true })
    })
    const firefox = new Firefox(process, socket, profile)
    await firefox.#send('session.new', { capabilities: {} })
    const [context] = Tree.parse(await firefox.#send('browsingContext.getTree', {})).contexts
    if (context === undefined) throw new Error('Firefox has no tab')
    firefox.#context = context.context
    return firefox
  }

  async goto(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' })
  }

  /** Runs `work` in the page; what it takes and gives are strings, since handles are of no use here. */
  async evaluate(work: (given: string) => string | Promise<string>, given = ''): Promise<string> {
    const answer = Evaluated.parse(
      await this.#send('script.callFunction', {
        functionDeclaration: String(work),
        awaitPromise: true,
        target: { context: this.#context },
        arguments: [{ type: 'string', value: given }],
      }),
    )
    if (answer.type === 'exception') throw new Error(`in Firefox: ${answer.exceptionDetails.text}`)
    return String(answer.result.value)
  }

  /** Resolves once `words` are on the page. */
  async sees(words: string, timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs
    while ((await this.evaluate((words) => String(document.body.innerText.includes(words)), words)) !== 'true') {
      if (Date.now() > end) throw new Error(`Firefox does not show "${words}":\n${await this.text()}`)
      await new Promise((resolve) => void setTimeout(resolve, POLL_MS))
    }
  }

  async text(): Promise<string> {
    return await this.evaluate(() => document.body.innerText)
  }

  /** Presses the button or link whose words begin so, as soon as there is one that may be pressed. */
  async press(words: string): Promise<void> {
    const end = Date.now() + START_MS
    while ((await this.evaluate(pressIn, words)) !== 'true') {
      if (Date.now() > end) throw new Error(`Firefox has nothing to press that says "${words}":\n${await this.text()}`)
      await new Promise((resolve) => void setTimeout(resolve, POLL_MS))
    }
  }

  /** Types into the field of this label, key by key. */
  async type(label: string, text: string): Promise<void> {
    if ((await this.evaluate(focusOn, label)) !== 'true') throw new Error(`Firefox has no field "${label}"`)
    const actions = Array.from(text).flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ])
    await this.#send('input.performActions', {
      context: this.#context,
      actions: [{ type: 'key', id: 'keyboard', actions }],
    })
  }

  async choose(selector: string, file: string): Promise<void> {
    const [input] = Nodes.parse(
      await this.#send('browsingContext.locateNodes', {
        context: this.#context,
        locator: { type: 'css', value: selector },
      }),
    ).nodes
    if (input === undefined) throw new Error(`Firefox has no ${selector}`)
    await this.#send('input.setFiles', { context: this.#context, element: { sharedId: input.sharedId }, files: [file] })
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#socket.close()
    this.#process.kill()
    await gone
    rmSync(this.#profile, { recursive: true, force: true })
  }

  async #send(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId
    const answered = new Promise<z.infer<typeof Answer>>((resolve) => void this.#waiting.set(id, resolve))
    this.#socket.send(JSON.stringify({ id, method, params }))
    const answer = await answered
    this.#waiting.delete(id)
    if (answer.type === 'error') throw new Error(`Firefox refused ${method}: ${answer.message ?? ''}`)
    return answer.result
  }
}

/** In the page. */
function pressIn(words: string): string {
  const found = Array.from(document.querySelectorAll<HTMLElement>('button:enabled, a, summary')).find((element) =>
    element.innerText.trim().startsWith(words),
  )
  found?.click()
  return String(found !== undefined)
}

/** In the page. */
function focusOn(label: string): string {
  const labels = Array.from(document.querySelectorAll('label'))
  const control = labels.find((each) => each.innerText.trim().startsWith(label))?.control
  control?.focus()
  return String(control instanceof HTMLElement)
}

async function addressOf(process: ChildProcess): Promise<string> {
  if (process.stderr === null) throw new Error('a Firefox without output')
  const lines = createInterface({ input: process.stderr })
  const timer = setTimeout(() => process.kill(), START_MS)
  try {
    for await (const line of lines) {
      const address = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(line)?.[1]
      if (address !== undefined) return address
    }
  } finally {
    clearTimeout(timer)
  }
  throw new Error('Firefox did not say where it listens')
}
