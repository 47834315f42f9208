/** Layer norm on WASM by our own SIMD, there and back in one call each. */
import { engine, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { bitsOf } from '../../bits.ts'
import { simdMemory, type SimdMemory } from '../../simd/memory.ts'

const BYTES = Float32Array.BYTES_PER_ELEMENT

export function hasSimdLayerNorm(gain: Tensor1D): boolean {
  return gain.shape[0] % 4 === 0 && simdMemory() !== null
}

type Norm = { readonly gain: Tensor1D; readonly eps: number }

/** x `[n, d]` to `[n, d]`. */
export function simdLayerNorm(x: Tensor2D, norm: Norm & { readonly bias: Tensor1D }): Tensor2D {
  const { memory, y, shared } = opened(x.shape, norm)
  const { addressOf } = memory
  memory.layerNorm({ ...shared, x: addressOf(x.dataId), bias: addressOf(norm.bias.dataId), y: addressOf(y.dataId) })
  return engine().makeTensorFromTensorInfo(y) as Tensor2D
}

/** dy `[m·n, d]` to dx alike, through the one pass at x `[n, d]`; `plus`, alike, is added. */
export function simdLayerNormBackward(dy: Tensor2D, x: Tensor2D, norm: Norm & { readonly plus?: Tensor2D }): Tensor2D {
  const { memory, y, shared } = opened(dy.shape, norm)
  const { addressOf } = memory
  memory.layerNormBackward({
    ...shared,
    dy: addressOf(dy.dataId),
    x: addressOf(x.dataId),
    xRows: x.shape[0],
    plus: norm.plus ? addressOf(norm.plus.dataId) : 0,
    dx: addressOf(y.dataId),
  })
  return engine().makeTensorFromTensorInfo(y) as Tensor2D
}

function opened([rows, width]: readonly [number, number], { gain, eps }: Norm) {
  const memory: SimdMemory | null = simdMemory()
  if (memory === null) throw new Error('simdLayerNorm: another backend has the tensors')
  const y = memory.backend.makeOutput([rows, width], 'float32')
  const shared = {
    rows,
    width: width * BYTES,
    gain: memory.addressOf(gain.dataId),
    share: bitsOf(1 / width),
    eps: bitsOf(eps),
  }
  return { memory, y, shared }
}
