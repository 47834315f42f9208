/**
 * Gradients on their way back through products in halves: times a power of two, and afterwards divided by it, so that
 * small ones do not vanish below the smallest half, 6e-8. Nothing else changes: the way back is linear, and powers of two
 * leave a number's digits as they are.
 */
import { mul, type Tensor } from '@tensorflow/tfjs-core'
import type { PrefixGradient, ReadPass } from '../types.ts'

/** Gradients of hidden states are 1e-3 to 1; the largest half is 65,504. */
const SCALE = 2 ** 10

function up<T extends Tensor>(gradient: T): T {
  return mul<T>(gradient, SCALE)
}

function down<T extends Tensor>(gradient: T): T {
  return mul<T>(gradient, 1 / SCALE)
}

/** `back` on scaled gradients; to be called inside a `tidy`. */
export function scaledPrefixBackward<T extends Tensor>(
  gradient: PrefixGradient,
  back: (scaled: PrefixGradient) => T,
): T {
  return down(back(gradient.map(up)))
}

export function scaledRead(read: ReadPass): ReadPass {
  return {
    ...read,
    backward: (dHidden) => read.backward(up(dHidden)).map(down),
    promptGradient: (dHidden) => down(read.promptGradient(up(dHidden))),
    promptSum(dHidden, way) {
      const { prompt, prefix } = read.promptSum(up(dHidden), way)
      return { prompt: prompt && down(prompt), prefix: prefix && prefix.map(down) }
    },
  }
}
