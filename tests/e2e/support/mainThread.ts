/** Tasks of a page's main thread, from the browser's own trace: how long each took, and how much of it it had a core. */
import type { Browser, Page } from '@playwright/test'
import { z } from 'zod'

/** In milliseconds. On a machine whose cores are all taken the wall counts waiting for one as well. */
export type Task = { readonly wallMs: number; readonly cpuMs: number }

const CATEGORY = 'disabled-by-default-devtools.timeline'
const TASK = 'RunTask'
const MAIN_THREAD = 'CrRendererMain'

/** Of the trace's events those that are read here; all others have fields of other kinds. */
const eventSchema = z.object({ name: z.string(), pid: z.number(), tid: z.number() })
const taskSchema = eventSchema.extend({ name: z.literal(TASK), dur: z.number(), tdur: z.number() })
const threadSchema = eventSchema.extend({
  name: z.literal('thread_name'),
  args: z.object({ name: z.literal(MAIN_THREAD) }),
})
/** The first event of a trace: which process draws which page. The browser has renderers of its own beside it. */
const startSchema = z.object({
  name: z.literal('TracingStartedInBrowser'),
  args: z.object({ data: z.object({ frames: z.array(z.object({ url: z.string(), processId: z.number() })) }) }),
})
const traceSchema = z.object({ traceEvents: z.array(z.unknown()) })

/** All tasks that the page's main thread does during `work`. */
export async function tasksDuring(browser: Browser, page: Page, work: () => Promise<void>): Promise<readonly Task[]> {
  const url = page.url()
  await browser.startTracing(page, { categories: [CATEGORY] })
  await work()
  const { traceEvents } = traceSchema.parse(JSON.parse((await browser.stopTracing()).toString()))
  const frames = parsed(startSchema, traceEvents).flatMap(({ args }) => args.data.frames)
  const process = frames.find((frame) => frame.url === url.replace(/#.*$/, ''))?.processId
  const thread = parsed(threadSchema, traceEvents).find(({ pid }) => pid === process)
  if (thread === undefined) throw new Error(`the trace knows no main thread of ${url}`)
  return parsed(taskSchema, traceEvents)
    .filter(({ pid, tid }) => pid === thread.pid && tid === thread.tid)
    .map(({ dur, tdur }) => ({ wallMs: dur / 1e3, cpuMs: tdur / 1e3 }))
}

function parsed<T>(schema: z.ZodType<T>, events: readonly unknown[]): readonly T[] {
  return events.flatMap((event) => {
    const { success, data } = schema.safeParse(event)
    return success ? [data] : []
  })
}
