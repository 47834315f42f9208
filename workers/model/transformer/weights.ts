/** The tensors of a model, read by the names of its blueprint. */
import { tensor1d } from '@tensorflow/tfjs-core'
import type { WeightFormat } from '../../protocol/tuning.ts'
import {
  createLinear,
  disposeLinear,
  joinedLinear,
  joinsLinear,
  type Linear,
  type LinearParts,
} from '../../runtime/kernels/linear/linear.ts'
import { disposeAll } from '../../runtime/tensors.ts'
import type { Activation, Blueprint, LayerSpec, MapSpec, NormSpec } from './blueprint.ts'
import type { Layer } from './layer.ts'
import type { Norm } from './norm.ts'
import type { ProjectionMaps } from './project.ts'

export interface TensorReader {
  readonly format: WeightFormat
  /** Not to be changed. @throws SoftpostError `model-tensor` when the tensor is missing or has another shape. */
  take(name: string, shape: readonly number[]): Float32Array
}

export type HeadTransform = { readonly dense: Linear; readonly activation: Activation; readonly norm: Norm }

export type Weights = {
  /** On the CPU: lookups are by row. */
  readonly embeddings: {
    readonly tokens: Float32Array
    readonly positions: Float32Array | null
    /** The row of type 0. */
    readonly type: Float32Array | null
    readonly norm: Norm | null
  }
  readonly layers: readonly Layer[]
  readonly finalNorm: Norm | null
  readonly head: {
    readonly transform: HeadTransform | null
    /** `[V, d]`, on the CPU. */
    readonly tokens: Float32Array
    readonly bias: Float32Array | null
  }
}

export function readWeights(blueprint: Blueprint, reader: TensorReader): Weights {
  const { width, vocabulary, embeddings, head } = blueprint
  const norm = (spec: NormSpec): Norm => readNorm(spec, width, reader)
  const tokens = reader.take(embeddings.tokens, [vocabulary, width])
  const { positions, types } = embeddings
  return {
    embeddings: {
      tokens,
      positions: positions && reader.take(positions.name, [positions.rows, width]),
      type: types && reader.take(types.name, [types.rows, width]).subarray(0, width),
      norm: embeddings.norm && norm(embeddings.norm),
    },
    layers: blueprint.layers.map((layer): Layer => {
      const once = remembering(reader)
      const map = (spec: MapSpec): Linear => readMap(spec, once)
      return {
        norm1: norm(layer.norm1),
        projections: readProjections(layer, once),
        out: map(layer.out),
        norm2: norm(layer.norm2),
        mlp: { activation: layer.activation, up: map(layer.up), down: map(layer.down) },
      }
    }),
    finalNorm: blueprint.finalNorm && norm(blueprint.finalNorm),
    head: {
      transform: head.transform && {
        dense: readMap(head.transform.dense, reader),
        activation: head.transform.activation,
        norm: norm(head.transform.norm),
      },
      tokens: head.tokens === embeddings.tokens ? tokens : reader.take(head.tokens, [vocabulary, width]),
      bias: head.bias === null ? null : reader.take(head.bias, [vocabulary]),
    },
  }
}

export function disposeWeights({ embeddings, layers, finalNorm, head }: Weights): void {
  for (const { norm1, projections, out, norm2, mlp } of layers) {
    const { q, kv, qkv } = projections
    for (const map of [q, kv, ...(qkv ? [qkv] : []), out, mlp.up, mlp.down]) disposeLinear(map)
    disposeAll([norm1, norm2])
  }
  if (head.transform) disposeLinear(head.transform.dense)
  disposeAll([embeddings.norm, finalNorm, head.transform?.norm])
}

/** Two maps of a layer may be columns of one tensor, which is then read once. */
function remembering(reader: TensorReader): TensorReader {
  const known = new Map<string, Float32Array>()
  return {
    format: reader.format,
    take(name, shape) {
      const values = known.get(name) ?? reader.take(name, shape)
      known.set(name, values)
      return values
    },
  }
}

function readNorm({ kind, name, eps }: NormSpec, width: number, reader: TensorReader): Norm {
  const gain = tensor1d(reader.take(`${name}.weight`, [width]))
  if (kind === 'rms') return { kind, rms: { gain, eps } }
  return { kind, layer: { gain, bias: tensor1d(reader.take(`${name}.bias`, [width])), eps } }
}

/** As one map where the backend joins them. */
function readProjections({ q, kv }: LayerSpec, reader: TensorReader): ProjectionMaps {
  const width = outputsOf(q)
  const shape = [q.inputs, width + outputsOf(kv)] as const
  if (!joinsLinear(shape, width)) return { q: readMap(q, reader), kv: readMap(kv, reader), qkv: null, width }
  const { joint, first, second } = joinedLinear(joined([q, kv], reader), width)
  return { q: first, kv: second, qkv: joint, width }
}

function readMap(spec: MapSpec, reader: TensorReader): Linear {
  return wholeTensor(spec, reader) ?? createLinear(joined([spec], reader))
}

function outputsOf({ parts }: MapSpec): number {
  return parts.reduce((sum, { columns, outputs }) => sum + (columns ? columns.end - columns.begin : outputs), 0)
}

/** Maps of the same inputs as one, whose outputs are theirs side by side. */
function joined(specs: readonly MapSpec[], reader: TensorReader): LinearParts {
  const inputs = specs[0]?.inputs ?? 0
  const outputs = specs.reduce((sum, spec) => sum + outputsOf(spec), 0)
  const weight = new Float32Array(inputs * outputs)
  const bias = specs.some(({ parts }) => parts.some((part) => part.bias)) ? new Float32Array(outputs) : null
  const outputScale = new Float32Array(outputs)
  let first = 0
  for (const { parts, scale = 1 } of specs) {
    for (const part of parts) {
      const shape = part.inputsFirst ? [inputs, part.outputs] : [part.outputs, inputs]
      const values = reader.take(`${part.name}.weight`, shape)
      const { begin, end } = part.columns ?? { begin: 0, end: part.outputs }
      for (let row = 0; row < inputs; row++) {
        for (let column = begin; column < end; column++) {
          const at = part.inputsFirst ? row * part.outputs + column : column * inputs + row
          weight[row * outputs + first + column - begin] = values[at] ?? 0
        }
      }
      if (part.bias && bias) {
        const own = reader.take(`${part.name}.bias`, [part.outputs]).subarray(begin, end)
        bias.set(
          own.map((value) => value * scale),
          first,
        )
      }
      outputScale.fill(scale, first, first + end - begin)
      first += end - begin
    }
  }
  const scaled = outputScale.some((scale) => scale !== 1)
  return {
    weight,
    shape: [inputs, outputs],
    bias,
    format: reader.format,
    outputScale: scaled ? outputScale : undefined,
  }
}

/** Where a map is a tensor as it stands in the file, nothing is copied. */
function wholeTensor({ inputs, parts, scale = 1 }: MapSpec, reader: TensorReader): Linear | null {
  const [part, ...more] = parts
  if (!part?.inputsFirst || part.columns || more.length > 0 || scale !== 1) return null
  const { name, outputs } = part
  const weight = reader.take(`${name}.weight`, [inputs, outputs])
  const bias = part.bias ? reader.take(`${name}.bias`, [outputs]) : null
  return createLinear({ weight, shape: [inputs, outputs], bias, format: reader.format })
}
