/** All parameters of a model in one flat vector, as an optimiser wants them. */
import type { Blueprint, MapPart, MapSpec, NormSpec } from './blueprint.ts'
import type { TensorReader } from './weights.ts'

export type ParameterSlot = {
  /** As `save_pretrained` names it. */
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly size: number
  /** Of tokens, on their way in or out. These stand last: what stands before is trained in any case. */
  readonly embedding: boolean
}

/** Each tensor of the model once. */
export function parameterSlots(blueprint: Blueprint): readonly ParameterSlot[] {
  const shapes = new Map<string, readonly number[]>()
  const put = (name: string, shape: readonly number[]): void => void shapes.set(name, shape)
  const norm = (spec: NormSpec | null): void => {
    if (spec === null) return
    put(`${spec.name}.weight`, [blueprint.width])
    if (spec.kind === 'layer') put(`${spec.name}.bias`, [blueprint.width])
  }
  const map = (spec: MapSpec): void => {
    for (const part of spec.parts) {
      put(`${part.name}.weight`, weightShape(spec, part))
      if (part.bias) put(`${part.name}.bias`, [part.outputs])
    }
  }
  const { embeddings, layers, finalNorm, head, vocabulary, width } = blueprint
  if (embeddings.positions) put(embeddings.positions.name, [embeddings.positions.rows, width])
  if (embeddings.types) put(embeddings.types.name, [embeddings.types.rows, width])
  norm(embeddings.norm)
  for (const { norm1, q, kv, out, norm2, up, down } of layers) {
    for (const spec of [norm1, norm2]) norm(spec)
    for (const spec of [q, kv, out, up, down]) map(spec)
  }
  norm(finalNorm)
  if (head.transform) {
    map(head.transform.dense)
    norm(head.transform.norm)
  }
  if (head.bias !== null) put(head.bias, [vocabulary])
  for (const name of [embeddings.tokens, head.tokens]) put(name, [vocabulary, width])
  const slots: ParameterSlot[] = []
  let offset = 0
  for (const [name, shape] of shapes) {
    const size = shape.reduce((product, length) => product * length, 1)
    slots.push({ name, shape, offset, size, embedding: name === embeddings.tokens || name === head.tokens })
    offset += size
  }
  return slots
}

/** Entries of the whole vector, or of its part that is trained while the token embeddings are frozen. */
export function countParameters(slots: readonly ParameterSlot[], frozenEmbeddings = false): number {
  return slots.reduce((sum, { embedding, size }) => (frozenEmbeddings && embedding ? sum : sum + size), 0)
}

/** @throws SoftpostError `model-tensor` when a tensor is missing or has another shape. */
export function readParameters(slots: readonly ParameterSlot[], reader: TensorReader): Float32Array<ArrayBuffer> {
  const values = new Float32Array(countParameters(slots))
  for (const { name, shape, offset } of slots) values.set(reader.take(name, shape), offset)
  return values
}

/** Parts of the vector by name; views on it. */
export class ParameterVector implements TensorReader {
  readonly format = 'f32'
  readonly #slots: ReadonlyMap<string, ParameterSlot>
  readonly #values: Float32Array

  constructor(slots: readonly ParameterSlot[], values: Float32Array) {
    this.#slots = new Map(slots.map((slot) => [slot.name, slot]))
    this.#values = values
  }

  take(name: string): Float32Array {
    const slot = this.#slots.get(name)
    if (!slot) throw new Error(`ParameterVector: no parameter ${name}`)
    return this.#values.subarray(slot.offset, slot.offset + slot.size)
  }

  /** Adds a map's gradients, dW `[in, out]` and db `[out]`, to those of the tensors that it is made of. */
  addMap(spec: MapSpec, { w, b }: { readonly w: Float32Array; readonly b: Float32Array }): void {
    const { inputs, parts, scale = 1 } = spec
    const outputs = b.length
    let first = 0
    for (const part of parts) {
      const { begin, end } = part.columns ?? { begin: 0, end: part.outputs }
      const weight = this.take(`${part.name}.weight`)
      for (let row = 0; row < inputs; row++) {
        const from = row * outputs + first - begin
        for (let column = begin; column < end; column++) {
          const at = part.inputsFirst ? row * part.outputs + column : column * inputs + row
          weight[at] = (weight[at] ?? 0) + scale * (w[from + column] ?? 0)
        }
      }
      if (part.bias) {
        const bias = this.take(`${part.name}.bias`)
        for (let column = begin; column < end; column++) {
          bias[column] = (bias[column] ?? 0) + scale * (b[first + column - begin] ?? 0)
        }
      }
      first += end - begin
    }
  }

  /** Adds values to a tensor, from one of its rows on. */
  add(name: string, values: Float32Array, offset = 0): void {
    const own = this.take(name)
    for (let at = 0; at < values.length; at++) own[offset + at] = (own[offset + at] ?? 0) + (values[at] ?? 0)
  }

  has(name: string): boolean {
    return this.#slots.has(name)
  }
}

function weightShape({ inputs }: MapSpec, { inputsFirst, outputs }: MapPart): readonly number[] {
  return inputsFirst ? [inputs, outputs] : [outputs, inputs]
}
