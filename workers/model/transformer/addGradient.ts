/** Gradients of a pass over sequences into the vector of all parameters. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { take } from '../../runtime/tensors.ts'
import type { TokenBatch } from '../types.ts'
import type { Blueprint } from './blueprint.ts'
import type { ParameterVector } from './parameters.ts'
import { tableRows } from './positions.ts'
import type { SequenceGradient } from './sequence.ts'

/** The tensors of `gradient` are freed. A vector without the token embeddings leaves them out. */
export async function addGradient(
  vector: ParameterVector,
  gradient: SequenceGradient,
  { blueprint, batch }: { readonly blueprint: Blueprint; readonly batch: TokenBatch },
): Promise<void> {
  for (const { spec, gradient: own } of gradient.maps) {
    vector.addMap(spec, { w: await take(own.w), b: await take(own.b) })
  }
  for (const { spec, gradient: own } of gradient.norms) {
    vector.add(`${spec.name}.weight`, await take(own.gain))
    if (own.bias) vector.add(`${spec.name}.bias`, await take(own.bias))
  }
  await addTensor(vector, blueprint.head.tokens, gradient.head)
  await addTensor(vector, blueprint.head.bias, gradient.headBias)
  addEmbeddings(vector, await take(gradient.input), { blueprint, batch })
}

async function addTensor(vector: ParameterVector, name: string | null, tensor: Tensor | null): Promise<void> {
  if (tensor === null) return
  const values = await take(tensor)
  if (name !== null && vector.has(name)) vector.add(name, values)
}

/** Each row goes to the embeddings that it is the sum of. */
function addEmbeddings(
  vector: ParameterVector,
  dInput: Float32Array,
  { blueprint, batch }: { readonly blueprint: Blueprint; readonly batch: TokenBatch },
): void {
  const { width, embeddings } = blueprint
  const { tokens, positions, types } = embeddings
  const rows = positions && tableRows(positions, batch, null)
  for (const [row, id] of batch.ids.entries()) {
    const values = dInput.subarray(row * width, (row + 1) * width)
    if (vector.has(tokens)) vector.add(tokens, values, id * width)
    if (positions && rows) vector.add(positions.name, values, (rows[row] ?? 0) * width)
    if (types) vector.add(types.name, values)
  }
}
