/** Cases of other accountants, with exact values; the fields are described in the file. */
import { readFileSync } from 'node:fs'
import type { Run } from '../../../../workers/privacy/accountant/runs.ts'

type Part = { readonly q: number; readonly sigma: number; readonly steps: number }

type Vectors = {
  readonly cases: readonly {
    readonly id: string
    readonly parts: readonly Part[]
    readonly delta: number
    readonly eps_exact: number
    readonly eps_exact_remove: number
    readonly eps_exact_add: number
    readonly eps_exact_method: string
    readonly eps_pld: number
    readonly eps_rdp: number
    readonly rdp_order: number
    readonly eps_rdp_opacus: number
  }[]
  readonly gaussian: readonly {
    readonly id: string
    readonly sigma: number
    readonly steps: number
    readonly delta: number
    readonly mu: number
    readonly eps_exact: number
    readonly delta_at_eps: Readonly<Record<string, number>>
  }[]
  readonly calibration: readonly {
    readonly id: string
    readonly q: number
    readonly steps: number
    readonly delta: number
    readonly target_eps: number
    readonly sigma_exact: number
    readonly sigma_pld: number
  }[]
}

// The tests beside are the only readers.
export const vectors = JSON.parse(
  readFileSync(new URL('../../../golden/dp/vectors.json', import.meta.url), 'utf8'),
) as Vectors

export function runsOf(parts: readonly Part[]): Run[] {
  return parts.map(({ q, sigma, steps }) => ({ sampleRate: q, sigma, steps }))
}
