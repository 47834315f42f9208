/** What a layer's kernels take along with them, against the same formulas composed of tfjs ops on the CPU. */
import {
  add,
  mul,
  scalar,
  slice,
  square,
  sum,
  tensor2d,
  tidy,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core'
import { describe, expect, it, vi } from 'vitest'
import { keepLayers } from '../../workers/model/layers.ts'
import { createModel } from '../../workers/model/load.ts'
import { mlp, mlpBackward, type Mlp } from '../../workers/model/transformer/mlp.ts'
import type { Norm } from '../../workers/model/transformer/norm.ts'
import { project, projectBackward, type ProjectionMaps } from '../../workers/model/transformer/project.ts'
import { promptOf } from '../../workers/model/prefixGradient.ts'
import type { TokenBatch } from '../../workers/model/types.ts'
import { asMatrix } from '../../workers/runtime/columns.ts'
import { partsOf } from '../../workers/runtime/kernels/attention/projections.ts'
import {
  createLinear,
  joinedLinear,
  joinsLinear,
  type Linear,
  type LinearParts,
} from '../../workers/runtime/kernels/linear/linear.ts'
import { kept, take } from '../../workers/runtime/tensors.ts'
import { openTarget } from './support/backends.ts'
import { TWO_TEXTS } from './support/examples.ts'
import { expectSame, GPUS, matrix, values, vector } from './support/sameNumbers.ts'
import { expectClose, readModel } from './support/vectors.ts'

const norms: Readonly<Record<Norm['kind'], (width: number) => Norm>> = {
  layer: (width) => ({ kind: 'layer', layer: { gain: vector(width, 21), bias: vector(width, 22), eps: 1e-5 } }),
  rms: (width) => ({ kind: 'rms', rms: { gain: vector(width, 21), eps: 1e-5 } }),
}
/** Of finite differences: small against the prompt, large against float32's rounding. */
const STEP = 1e-3

const KINDS = Object.keys(norms) as Norm['kind'][]

describe.each(GPUS)('a layer on $label', (target) => {
  const shapes = KINDS.flatMap((kind) => [
    { kind, rows: 7, width: 20, keys: 8 },
    { kind, rows: 67, width: 132, keys: 36 },
  ])

  it.each(shapes)('makes queries of $rows rows of $width and $keys keys, $kind norm first', async (shape) => {
    const { kind, rows, width, keys } = shape
    await expectSame(target, () => {
      const norm = norms[kind](width)
      const maps = makeProjections(width, keys)
      // Far from 0 and of unlike size, as residual streams are.
      const x = far(matrix(rows, width, 1))
      const both = project(x, maps, { norm, pick: null, turner: null }).projections
      expect(both.kind).toBe(joinsLinear([width, width + 2 * keys], width) ? 'joint' : 'apart')
      const some = project(x, maps, { norm, pick: (all) => slice(all, [0, 0], [1, width]), turner: null }).projections
      const parts = [both, some].map((given) => partsOf(given, width))
      return [
        ...parts.flatMap(({ q, kv }) => [asMatrix(q), asMatrix(kv)]),
        projectBackward(both, maps, { plus: matrix(rows, width, 5), whole: asTheyAre }),
      ]
    })
  })

  const behind = KINDS.flatMap((kind) =>
    (['gelu-tanh', 'gelu-erf', 'gated-silu'] as const).map((activation) => ({ kind, activation })),
  )
  it.each(behind)('runs an MLP of $activation behind a norm of kind $kind', async ({ kind, activation }) => {
    const { rows, width, hidden } = { rows: 37, width: 44, hidden: 100 }
    await expectSame(target, () => {
      const layer: Mlp = {
        activation,
        up: makeLinear(width, activation === 'gated-silu' ? 2 * hidden : hidden, 0.1),
        down: makeLinear(hidden, width, 0.1),
      }
      const { y, saved } = mlp(far(matrix(rows, width, 1)), norms[kind](width), layer)
      return [y, mlpBackward(matrix(rows, width, 2), saved, layer, {})]
    })
  })
})

describe.each(GPUS.flatMap((target) => ['gpt2', 'qwen2'].map((folder) => ({ label: target.label, folder, target }))))(
  '$folder on $label',
  ({ folder, target }) => {
    it('takes prompt and texts back together to the gradient that they give one after the other', async () => {
      await openTarget(target)
      const model = createModel(await readModel(folder))
      const prefix = model.prefix(model.embed([5, 6, 7]), 3)
      const { width } = model.shape
      const gradients = kept((): readonly [Tensor3D, Tensor3D] => {
        const read = model.read(TWO_TEXTS, prefix)
        const dy = tensor2d(values(2 * width, 3), [2, width])
        return [read.promptGradient(dy), model.prefixBackward(prefix, read.backward(dy))]
      })
      const [together, apart] = await Promise.all(gradients.map(take))
      if (!together || !apart) throw new Error('two gradients expected')
      const scale = Math.max(...apart.map(Math.abs))
      expect(scale).toBeGreaterThan(0)
      expectClose(together, apart, { rtol: 0, atol: 2e-5 * scale })
      prefix.dispose()
      model.dispose()
    })

    it.each([1, 2])('takes the sum over texts back with the prompt, %i rows of each read', async (reads) => {
      await openTarget(target)
      const model = createModel(await readModel(folder))
      // More queries than a kernel has room for at once: a key of the prompt is summed over all of them.
      const size = 24
      const batch: TokenBatch = {
        ids: Int32Array.from({ length: size * 6 }, (_, at) => 11 + ((7 * at) % 100)),
        size,
        length: 6,
        lengths: Int32Array.from({ length: size }, (_, text) => 2 + (text % 5)),
        read: Int32Array.from({ length: size * reads }, (_, at) => 1 + (Math.floor(at / reads) % 5) - (at % reads)),
      }
      const prefix = model.prefix(model.embed([5, 6, 7]), 3)
      const { width } = model.shape
      const sums = kept(() => {
        const read = model.read(batch, prefix)
        const dy = matrix(size * reads, width, 3)
        const way = read.promptSum(dy, 'prompt')
        expect(way.prompt?.shape).toEqual([3, width])
        return [
          promptOf(model, prefix, way),
          promptOf(model, prefix, read.promptSum(dy, 'prefix')),
          sum<Tensor2D>(read.promptGradient(dy), 0),
        ]
      })
      const [together, apart, added] = await Promise.all(sums.map(take))
      if (!together || !apart || !added) throw new Error('three gradients expected')
      const scale = Math.max(...apart.map(Math.abs))
      expect(scale).toBeGreaterThan(0)
      expectClose(together, apart, { rtol: 0, atol: 2e-5 * scale })
      expectClose(together, added, { rtol: 0, atol: 2e-5 * scale })
      prefix.dispose()
      model.dispose()
    })
  },
)

describe.each(GPUS)('the way back on $label', (target) => {
  const shapes = ['gpt2', 'llama'].flatMap((folder) => [
    { folder, rows: 3, lengths: [6, 4] },
    { folder, rows: 1, lengths: [1, 5] },
  ])
  it.each(shapes)('has the slope that finite differences find, $folder behind $rows', async (shape) => {
    const { folder, rows, lengths } = shape
    await openTarget(target)
    const model = createModel(await readModel(folder))
    const { width } = model.shape
    const batch = {
      ...TWO_TEXTS,
      lengths: Int32Array.from(lengths),
      read: Int32Array.from(lengths, (length) => length - 1),
    }
    const start = model.embed(Array.from({ length: rows }, (_, at) => 5 + at))
    const dy = values(2 * width, 3)
    // What the gradient is of: the hidden states, weighed by dy.
    const weighed = async (along: Float32Array, by: number): Promise<number> => {
      const prefix = model.prefix(
        start.map((value, at) => value + by * (along[at] ?? 0)),
        rows,
      )
      const hidden = await take(kept(() => model.read(batch, prefix).hidden))
      prefix.dispose()
      return hidden.reduce((sum, value, at) => sum + value * (dy[at] ?? 0), 0)
    }
    const prefix = model.prefix(start, rows)
    const own = await take(kept(() => model.read(batch, prefix).promptGradient(tensor2d(dy, [2, width]))))
    prefix.dispose()
    for (const seed of [8, 9]) {
      const along = values(rows * width, seed)
      // Each text's gradient is its own; the weighed sum has that of both.
      const slope = own.reduce((sum, value, at) => sum + value * (along[at % along.length] ?? 0), 0)
      const measured = ((await weighed(along, STEP)) - (await weighed(along, -STEP))) / (2 * STEP)
      expect(Math.abs(slope)).toBeGreaterThan(0)
      expect(Math.abs(measured - slope)).toBeLessThan(0.005 * Math.abs(slope))
    }
    model.dispose()
  })
})

describe.each(GPUS)('a microbatch on $label', (target) => {
  const ways = ['gpt2', 'llama'].flatMap((folder) => ['each text', 'their sum'].map((of) => ({ folder, of })))
  it.each(ways)('takes a layer of $folder there and back in few dispatches, for $of', async ({ folder, of }) => {
    await openTarget(target)
    const files = await readModel(folder)
    const { layers } = createModel(files).shape
    const started = async (deep: readonly number[]): Promise<number> => {
      const model = createModel(keepLayers(files, deep))
      const prefix = model.prefix(model.embed([5, 6, 7]), 3)
      const dy = matrix(TWO_TEXTS.size, model.shape.width, 3)
      const count = await dispatchesOf(() => {
        const read = model.read(TWO_TEXTS, prefix)
        if (of === 'their sum') read.promptSum(dy, 'prompt')
        else read.promptGradient(dy)
      })
      prefix.dispose()
      model.dispose()
      return count
    }
    const all = Array.from({ length: layers }, (_, layer) => layer)
    expect((await started([0, ...all])) - (await started(all))).toBe(target.software ? 14 : 12)
  })
})

async function dispatchesOf(work: () => void): Promise<number> {
  const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
  try {
    tidy(work)
    // Reading ends the pass that is being recorded.
    await take(square(scalar(1)))
    return dispatch.mock.calls.length
  } finally {
    dispatch.mockRestore()
  }
}

function asTheyAre(rows: Tensor2D): Tensor2D {
  return rows
}

function far(x: Tensor2D): Tensor2D {
  return add(mul(x, 0.3), 2)
}

function partsOfMap(inner: number, outer: number, scale: number): LinearParts {
  const weight = values(inner * outer, inner).map((value) => value * scale)
  return { weight, shape: [inner, outer], bias: values(outer, outer), format: 'f32' }
}

function makeLinear(inner: number, outer: number, scale = 1): Linear {
  return createLinear(partsOfMap(inner, outer, scale))
}

/** The same numbers, joined where the backend does that. */
function makeProjections(width: number, keys: number): ProjectionMaps {
  const outer = width + 2 * keys
  const all = partsOfMap(width, outer, 1)
  if (joinsLinear([width, outer], width)) {
    const { joint, first, second } = joinedLinear(all, width)
    return { q: first, kv: second, qkv: joint, width }
  }
  const part = (from: number, to: number): Linear =>
    createLinear({
      ...all,
      weight: Float32Array.from({ length: width * (to - from) }, (_, at) => {
        const row = Math.floor(at / (to - from))
        return all.weight[row * outer + from + (at % (to - from))] ?? 0
      }),
      shape: [width, to - from],
      bias: all.bias && all.bias.slice(from, to),
    })
  return { q: part(0, width), kv: part(width, outer), qkv: null, width }
}
