/** Values that a JSON schema describes, each part of them now and then something else. */
import * as fc from 'fast-check'

/** The part of JSON Schema that the API's description uses. */
export type Schema = {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly pattern?: string
  readonly format?: string
}

type Schemas = Readonly<Record<string, Schema>>

/** One in so many values is not what the schema says. */
const WRONG_ONE_IN = 40

export function fromSchema(schema: Schema, schemas: Schemas): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: WRONG_ONE_IN - 1, arbitrary: right(schema, schemas) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  )
}

function right(schema: Schema, schemas: Schemas): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return right(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, schemas)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const ways = schema.anyOf ?? schema.oneOf
  if (ways !== undefined) return fc.oneof(...ways.map((one) => fromSchema(one, schemas)))
  switch (schema.type) {
    case 'object':
      return object(schema, schemas)
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, schemas), { maxLength: 4 })
    case 'integer':
      return fc.oneof(fc.integer({ min: 0, max: 100 }), fc.maxSafeInteger())
    case 'number':
      return fc.oneof(fc.double({ min: 0, max: 1 }), fc.double())
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'string':
      return string(schema)
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function object({ properties = {}, additionalProperties }: Schema, schemas: Schemas): fc.Arbitrary<object> {
  const known = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, fromSchema(one, schemas)]))
  if (typeof additionalProperties !== 'object') return fc.record(known)
  return fc.dictionary(fc.string({ maxLength: 8 }), fromSchema(additionalProperties, schemas), { maxKeys: 4 })
}

function string({ pattern, format }: Schema): fc.Arbitrary<unknown> {
  if (format === 'binary') return fc.uint8Array({ maxLength: 300 })
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.oneof(fc.constant('{text} It was'), fc.string({ unit: 'binary', maxLength: 40 }))
}
