/** Our own wasm in the memory of tfjs's WASM backend, with some room of its own there. */
import { backend, getBackend, type KernelBackend } from '@tensorflow/tfjs-core'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { SoftpostError } from '../../protocol/errors.ts'
import { assemble } from './assembler.ts'
import { LAYER_NORM, LAYER_NORM_BACKWARD, normFunctions } from './normFunctions.ts'
import { PANEL_ROW, PRODUCT, productFunctions, TILE_COLUMNS, type ProductArguments } from './productFunctions.ts'

/** x `[rows, terms]` by w `[terms, columns]`, by address and strides in bytes. */
export type Product = Omit<ProductArguments, 'biasStep' | 'plusStep' | 'panel' | 'wide' | 'zeros' | 'bias' | 'plus'> & {
  readonly bias: number | null
  /** With the strides of y. */
  readonly plus: number | null
}

export type SimdMemory = {
  readonly backend: BackendWasm
  readonly addressOf: (dataId: object) => number
  /** The product, and as many more of the same shape as are wanted, each so many bytes on. */
  readonly multiply: (product: Omit<Product, 'plusStride'>, repeated?: Repeated) => void
  readonly layerNorm: (given: Numbers<(typeof LAYER_NORM)[number]>) => void
  readonly layerNormBackward: (given: Numbers<(typeof LAYER_NORM_BACKWARD)[number]>) => void
}

type Numbers<Name extends string> = Readonly<Record<Name, number>>

export type Repeated = { readonly times: number; readonly x: number; readonly w: number; readonly y: number }
const ONCE: Repeated = { times: 1, x: 0, w: 0, y: 0 }

const opened = new WeakMap<KernelBackend, SimdMemory | null>()

/** Of this thread's backend; null where it is another one, or this engine has no SIMD. */
export function simdMemory(): SimdMemory | null {
  if (getBackend() !== 'wasm') return null
  const current = backend()
  const known = opened.get(current)
  if (known !== undefined) return known
  const memory = open(current as BackendWasm)
  opened.set(current, memory)
  return memory
}

/** What Emscripten's module has that its types do not say. */
type Emscripten = {
  readonly asm?: { readonly memory?: WebAssembly.Memory }
  readonly _malloc: (bytes: number) => number
  readonly _free: (address: number) => void
}

function open(owner: BackendWasm): SimdMemory | null {
  const emscripten = owner.wasm as unknown as Emscripten
  const memory = emscripten.asm?.memory
  const bytes = fastestModule()
  if (!memory || !bytes) return null
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  // Of our own making.
  const { product, layerNorm, layerNormBackward } = exports as unknown as Exports
  const zeros = emscripten._malloc(PANEL_ROW) >>> 0
  new Uint8Array(memory.buffer).fill(0, zeros, zeros + PANEL_ROW)
  const [panel, wide] = [growing(emscripten), growing(emscripten)]
  return {
    backend: owner,
    layerNorm: (given) => layerNorm(...LAYER_NORM.map((name) => given[name])),
    layerNormBackward: (given) => layerNormBackward(...LAYER_NORM_BACKWARD.map((name) => given[name])),
    addressOf: (dataId) => owner.dataIdMap.get(dataId).memoryOffset,
    multiply: ({ bias, plus, ...given }, { times, ...steps } = ONCE) => {
      const whole: ProductArguments = {
        ...given,
        ...(bias === null ? { bias: zeros, biasStep: 0 } : { bias, biasStep: PANEL_ROW }),
        ...(plus === null
          ? { plus: zeros, plusStep: 0, plusStride: 0 }
          : { plus, plusStep: PANEL_ROW, plusStride: given.yStride }),
        panel: panel(given.terms * PANEL_ROW),
        wide: given.columns % TILE_COLUMNS === 0 ? 0 : wide(given.rows * PANEL_ROW),
        zeros,
      }
      const numbers = PRODUCT.map((name) => whole[name])
      const [x, w, y] = [PRODUCT.indexOf('x'), PRODUCT.indexOf('w'), PRODUCT.indexOf('y')]
      for (let done = 0; done < times; done++) {
        product(...numbers)
        numbers[x] = (numbers[x] ?? 0) + steps.x
        numbers[w] = (numbers[w] ?? 0) + steps.w
        numbers[y] = (numbers[y] ?? 0) + steps.y
      }
    },
  }
}

type Exports = Readonly<Record<(typeof EXPORTS)[number], (...given: readonly number[]) => void>>
const EXPORTS = ['product', 'layerNorm', 'layerNormBackward'] as const

/** Null where the engine has no SIMD. The fused one is younger than SIMD. */
function fastestModule(): Uint8Array<ArrayBuffer> | null {
  for (const fused of [true, false]) {
    const bytes = assemble([...productFunctions(fused), ...normFunctions()], EXPORTS)
    if (WebAssembly.validate(bytes)) return bytes
  }
  return null
}

/** Room that is kept between products. */
function growing({ _malloc, _free }: Emscripten): (bytes: number) => number {
  let room = { at: 0, bytes: 0 }
  return (bytes) => {
    if (bytes > room.bytes) {
      _free(room.at)
      room = { at: 0, bytes: 0 }
      // An address above 2 GiB comes as a negative number.
      const at = _malloc(bytes) >>> 0
      if (at === 0) throw new SoftpostError('out-of-memory', `no room for ${bytes} bytes of a matrix product`)
      room = { at, bytes }
    }
    return room.at
  }
}
