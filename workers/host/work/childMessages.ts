/** What the host and its child processes say to each other over the IPC channel. */
import * as z from 'zod/mini'
import { ERROR_CODES } from '../../protocol/errors.ts'

/** Host to child: do this. `call` comes back with everything said about it. */
export type ChildCall = { readonly call: number; readonly body: unknown }

/** Child to host. A heartbeat says that the event loop turns; any other message says so too. */
export const ChildMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('heartbeat') }),
  z.strictObject({ type: z.literal('progress'), call: z.int(), value: z.unknown() }),
  z.strictObject({ type: z.literal('done'), call: z.int(), value: z.unknown() }),
  z.strictObject({
    type: z.literal('failed'),
    call: z.int(),
    error: z.object({
      code: z.enum(ERROR_CODES),
      message: z.string(),
      data: z.optional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))),
    }),
  }),
])
export type ChildMessage = z.infer<typeof ChildMessage>

/** Milliseconds between heartbeats. */
export const HEARTBEAT_MS = 2_000
