/** What all readers of a `config.json` share. */
import * as z from 'zod/mini'
import { SoftpostError } from '../../protocol/errors.ts'

export const positive = z.int().check(z.positive())
export const eps = z.number().check(z.positive())

/** @throws SoftpostError `model-unknown` for a configuration that is not one of `type`. */
export function parseConfig<T>(type: string, schema: z.ZodMiniType<T>, json: unknown): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new SoftpostError(
    'model-unknown',
    `config.json: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not right'}, for ${type}; use the config.json that came with the weights`,
  )
}

/** A variant whose numbers we do not reproduce. */
export function refuse(type: string, field: string, value: unknown): never {
  throw new SoftpostError(
    'model-unknown',
    `config.json: ${field} ${JSON.stringify(value)} is not supported for ${type}`,
  )
}
