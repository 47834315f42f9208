/** The stops of the slider, from strong to weak, in ε. */
export const EPSILON_STOPS = [0.5, 1, 2, 3, 4, 6, 8, 10, 16] as const

export type Strength = 'very strong' | 'strong' | 'moderate' | 'weak'

/** Common reading of ε in the literature on private learning (Ponomareva et al. 2023, section 5.2). */
export function strengthOf(epsilon: number): Strength {
  if (epsilon <= 1) return 'very strong'
  if (epsilon <= 4) return 'strong'
  if (epsilon <= 10) return 'moderate'
  return 'weak'
}
