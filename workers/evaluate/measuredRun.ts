/** Runs whose prompts are for measuring alone: tuned as any other, never released. */
import type { Engine } from '../pool/types.ts'
import { cryptoRandom, type RandomSource } from '../privacy/random.ts'
import type { TuningPlan } from '../protocol/tuning.ts'
import type { LabelTokens } from '../task/answers.ts'
import type { Encoded } from '../task/types.ts'
import { startState } from '../tune/optimizer.ts'
import { runTuning } from '../tune/session.ts'
import type { TuningState } from '../tune/types.ts'

export type MeasuredRun = {
  readonly engine: Engine
  /** Its rate and divisor stay what they are, whatever the number of rows; nothing is evaluated on held-out rows. */
  readonly plan: TuningPlan
  readonly labelTokens: LabelTokens | null
  readonly rows: readonly { readonly encoded: Encoded; readonly label: number }[]
  /** Where the prompt starts. */
  readonly prompt: Float32Array<ArrayBuffer>
}

/**
 * The last prompt.
 *
 * @param onBlock before each block, with the steps that are spent from then on; errors end the run.
 * @param random of the batches; a run with DP takes the CSPRNG alone.
 */
export async function tuneMeasured(
  { engine, plan, labelTokens, rows, prompt }: MeasuredRun,
  onBlock: (stepsSpent: number) => Promise<void>,
  random: RandomSource = cryptoRandom,
): Promise<Float32Array<ArrayBuffer>> {
  let state: TuningState = startState(prompt)
  const job = {
    engine,
    plan: { ...plan, trainRows: rows.length },
    labelTokens,
    rows: {
      encoded: rows.map(({ encoded }) => encoded),
      labels: Int32Array.from(rows, ({ label }) => label),
      heldOut: new Uint8Array(rows.length),
    },
    state,
    spentSteps: 0,
    hooks: {
      reserve: onBlock,
      checkpoint: async (next: TuningState) => {
        state = next
        await Promise.resolve()
      },
      onStep: () => undefined,
      onHeldOut: () => undefined,
      wish: () => 'go' as const,
    },
  }
  await runTuning(job, random)
  return state.prompt
}
