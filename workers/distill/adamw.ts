/** AdamW by torch's rules, on one flat vector. */

/** As DistilBERT and the paper's code have it. */
const ADAMW = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0 } as const

export type AdamWOptions = {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

/** Running means of the gradient and of its square, and the steps behind them. */
export type AdamWState = {
  readonly m: Float32Array<ArrayBuffer>
  readonly v: Float32Array<ArrayBuffer>
  readonly steps: number
}

export class AdamW {
  readonly #options: AdamWOptions
  readonly #m: Float32Array<ArrayBuffer>
  readonly #v: Float32Array<ArrayBuffer>
  #steps: number

  /** `start`: the number of values, or the state that an earlier one was left in. */
  constructor(start: number | AdamWState, options: AdamWOptions = ADAMW) {
    this.#options = options
    const fresh = typeof start === 'number'
    this.#m = fresh ? new Float32Array(start) : start.m.slice()
    this.#v = fresh ? new Float32Array(start) : start.v.slice()
    this.#steps = fresh ? 0 : start.steps
  }

  /** A view, not a copy: the next step changes it. */
  get state(): AdamWState {
    return { m: this.#m, v: this.#v, steps: this.#steps }
  }

  /** Changes `values` in place; the gradient is multiplied by `scale` first. */
  step(
    values: Float32Array,
    gradient: Float32Array,
    { learningRate, scale = 1 }: { learningRate: number; scale?: number },
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#options
    this.#steps++
    // Both moments start at 0 and are scaled up for it.
    const stepSize = learningRate / (1 - beta1 ** this.#steps)
    const rootOf2 = Math.sqrt(1 - beta2 ** this.#steps)
    const decay = 1 - learningRate * weightDecay
    for (let at = 0; at < values.length; at++) {
      const g = (gradient[at] ?? 0) * scale
      const m = beta1 * (this.#m[at] ?? 0) + (1 - beta1) * g
      const v = beta2 * (this.#v[at] ?? 0) + (1 - beta2) * g * g
      this.#m[at] = m
      this.#v[at] = v
      values[at] = (values[at] ?? 0) * decay - (stepSize * m) / (Math.sqrt(v) / rootOf2 + epsilon)
    }
  }
}

export function norm(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

/** What brings a gradient of this norm to at most `limit` (torch's `clip_grad_norm_`). */
export function clipFactor(norm: number, limit: number): number {
  return Math.min(1, limit / (norm + 1e-6))
}
