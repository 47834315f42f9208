/** Frequencies of rotary positions and their scalings (HF `modeling_rope_utils`). */
import * as z from 'zod/mini'
import type { RopeSpec } from '../transformer/blueprint.ts'
import { refuse } from './config.ts'

const above0 = z.number().check(z.positive())

const Scaling = z.object({
  rope_type: z.optional(z.string()),
  /** The older name of the same. */
  type: z.optional(z.string()),
  rope_theta: z.optional(above0),
  factor: z.optional(above0),
  original_max_position_embeddings: z.optional(above0),
  low_freq_factor: z.optional(above0),
  high_freq_factor: z.optional(above0),
  attention_factor: z.optional(z.nullable(above0)),
  beta_fast: z._default(z.nullable(above0), 32),
  beta_slow: z._default(z.nullable(above0), 1),
})
type Scaling = z.infer<typeof Scaling>

/** Fields of a configuration; `rope_parameters` is what newer files have in place of both others. */
export const RopeJson = {
  rope_theta: z._default(above0, 10_000),
  rope_scaling: z.optional(z.nullable(Scaling)),
  rope_parameters: z.optional(z.nullable(Scaling)),
}

type Config = {
  readonly max_position_embeddings: number
  readonly rope_theta: number
  readonly rope_scaling?: Scaling | null | undefined
  readonly rope_parameters?: Scaling | null | undefined
}

/** @throws SoftpostError `model-unknown` for a scaling that we do not know. */
export function ropeSpec(architecture: string, config: Config, headWidth: number): RopeSpec {
  const scaling = config.rope_parameters ?? config.rope_scaling ?? null
  const theta = scaling?.rope_theta ?? config.rope_theta
  const plain = Array.from({ length: headWidth / 2 }, (_, pair) => theta ** ((-2 * pair) / headWidth))
  const type = scaling?.rope_type ?? scaling?.type ?? 'default'
  const need = (field: keyof Scaling): number => {
    const value = scaling?.[field]
    return typeof value === 'number' ? value : refuse(architecture, `rope_scaling.${field}`, value ?? null)
  }
  switch (type) {
    case 'default':
    // Up to max_position_embeddings, which is the longest text we take, it is the same.
    case 'dynamic':
      return unscaled(plain)
    case 'linear':
      return unscaled(plain.map((frequency) => frequency / need('factor')))
    case 'llama3':
      return unscaled(plain.map(llama3(need)))
    case 'yarn': {
      const { attention_factor: given } = scaling ?? {}
      const scale = given ?? 0.1 * Math.log(need('factor')) + 1
      const original = scaling?.original_max_position_embeddings ?? config.max_position_embeddings
      const betas = { fast: scaling?.beta_fast ?? 32, slow: scaling?.beta_slow ?? 1 }
      const frequencies = yarn(plain, { theta, headWidth, factor: need('factor'), original, betas })
      return { frequencies: Float32Array.from(frequencies), scale }
    }
    default:
      return refuse(architecture, 'rope_scaling.rope_type', type)
  }
}

/** Long waves are stretched by the factor, short ones stay, those between are mixed. */
function llama3(need: (field: keyof Scaling) => number): (frequency: number) => number {
  const [factor, low, high] = [need('factor'), need('low_freq_factor'), need('high_freq_factor')]
  const original = need('original_max_position_embeddings')
  return (frequency) => {
    const wavelength = (2 * Math.PI) / frequency
    if (wavelength < original / high) return frequency
    if (wavelength > original / low) return frequency / factor
    const smooth = (original / wavelength - low) / (high - low)
    return ((1 - smooth) * frequency) / factor + smooth * frequency
  }
}

/** Peng et al. 2023: pairs that turn often stay, those that turn rarely are stretched, with a ramp between. */
function yarn(
  plain: readonly number[],
  options: {
    readonly theta: number
    readonly headWidth: number
    readonly factor: number
    readonly original: number
    readonly betas: { readonly fast: number; readonly slow: number }
  },
): number[] {
  const { theta, headWidth, factor, original, betas } = options
  const pairOf = (turns: number): number =>
    (headWidth * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const low = Math.max(Math.floor(pairOf(betas.fast)), 0)
  const high = Math.min(Math.ceil(pairOf(betas.slow)), headWidth - 1)
  return plain.map((frequency, pair) => {
    const ramp = Math.min(1, Math.max(0, (pair - low) / Math.max(high - low, 0.001)))
    return (frequency / factor) * ramp + frequency * (1 - ramp)
  })
}

function unscaled(frequencies: readonly number[]): RopeSpec {
  return { frequencies: Float32Array.from(frequencies), scale: 1 }
}
