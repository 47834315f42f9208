import type { RandomSource } from '../privacy/random.ts'
import { seededRandom } from '../task/seededRandom.ts'

/** Without DP a seed may decide everything, so that a run can be repeated; with DP none may. */
export function seededSource(seed: number): RandomSource {
  const random = seededRandom(seed)
  return {
    fill: (bytes) => {
      for (const index of bytes.keys()) bytes[index] = random(256)
    },
  }
}
