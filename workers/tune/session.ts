/**
 * A tuning run, with or without DP: blocks of steps, each block's budget spent durably before its first sample is drawn
 * (design section 6).
 */
import { recovering } from '../pool/recovering.ts'
import { cryptoRandom, type RandomSource } from '../privacy/random.ts'
import { SoftpostError } from '../protocol/errors.ts'
import { afterLook } from './choice.ts'
import { evaluateHeldOut } from './evaluate.ts'
import { updateState } from './optimizer.ts'
import { Pace } from './pace.ts'
import { epsilonSpentAfter, evaluationSteps, learningRateAt } from './schedule.ts'
import { isDue, selfCheck } from './selfCheck.ts'
import { takeStep } from './step.ts'
import type { TuningEnd, TuningJob, TuningState } from './types.ts'
import { unitsOf, type Units } from './grouping.ts'

/**
 * Runs until the plan's steps are spent, or until the hooks wish otherwise. The last prompt, in the last checkpoint, is
 * what may be released. An error ends the run; the last checkpoint and all that was reserved stand.
 *
 * @param random of batches, noise and held-out noise. A run with DP takes the CSPRNG alone.
 * @throws SoftpostError `non-finite` when the prompt leaves the range of numbers, and what engine and hooks throw.
 */
export async function runTuning(job: TuningJob, random: RandomSource = cryptoRandom): Promise<TuningEnd> {
  const { plan, hooks } = job
  requireSound(job, random)
  const run: Run = {
    job: { ...job, engine: recovering(job.engine, job.reopen ?? (() => Promise.resolve(null))) },
    random,
    units: unitsOf(job.rows, plan.maxRowsPerPerson),
    evaluations: evaluationSteps(plan),
    epsilonSpent: epsilonSpentAfter(plan),
    pace: new Pace(plan),
  }
  let { state, spentSteps } = job
  while (spentSteps < plan.steps) {
    const wish = hooks.wish()
    if (wish !== 'go') return endOf(wish)
    const reserved = Math.min(spentSteps + plan.checkpointEvery, plan.steps)
    await hooks.reserve(reserved)
    state = await runBlock(run, state, { from: spentSteps, to: reserved })
    await hooks.checkpoint(state)
    spentSteps = reserved
  }
  return 'finished'
}

type Run = {
  readonly job: TuningJob
  readonly random: RandomSource
  readonly units: Units
  readonly evaluations: ReadonlySet<number>
  readonly epsilonSpent: (spentSteps: number) => number | null
  readonly pace: Pace
}

/** Steps whose budget is spent already. Ends early at a wish; what is left of the block stays spent. */
async function runBlock(
  run: Run,
  start: TuningState,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<TuningState> {
  const { job, random, units, evaluations, pace } = run
  const { plan, hooks } = job
  const epsilon = run.epsilonSpent(to)
  const look = async (now: TuningState, step: number, { prompt } = now): Promise<TuningState> => {
    if (!evaluations.has(step) || units.heldOut.length === 0) return now
    const report = await evaluateHeldOut({ ...job, units, prompt, random }, step)
    hooks.onHeldOut(report)
    const sizes = { units: units.heldOut.length, sigma: plan.privacy?.heldOutSigma ?? 0 }
    return afterLook(now, { report, prompt }, sizes)
  }
  let state = start
  for (let place = from; place < to; place++) {
    if (place > from && hooks.wish() !== 'go') break
    const { gradient, curves } = await takeStep({ ...job, units, prompt: state.prompt, random })
    const learningRate = learningRateAt(plan, place)
    state = updateState(state, { optimizer: plan.optimizer, learningRate, gradient })
    requireFinite(state.prompt)
    const step = place + 1
    pace.count(step)
    if (curves !== null) hooks.onStep({ step, ...curves, covered: plan.privacy !== null, epsilon }, pace.report())
    if (hooks.onSelfCheck !== undefined && isDue(plan, state.stepsDone)) {
      const { prompt } = state
      hooks.onSelfCheck(await selfCheck({ ...job, before: job.state.prompt, prompt, gradient, random }, step))
    }
    // At the prompt before the first step, but after it: nobody waits for the look before training begins.
    if (place === 0) state = await look(state, 0, start)
    state = await look(state, step)
  }
  return state
}

function endOf(wish: 'pause' | 'stop'): TuningEnd {
  return wish === 'pause' ? 'paused' : 'stopped'
}

/** Facts on which the privacy claim rests, checked where the run begins. */
function requireSound({ plan, rows, state, spentSteps }: TuningJob, random: RandomSource): void {
  const { train } = unitsOf(rows, plan.maxRowsPerPerson)
  const size = rows.encoded.length
  const rules: readonly (readonly [holds: boolean, what: string])[] = [
    [plan.privacy === null || random === cryptoRandom, 'a run with DP takes its randomness from the CSPRNG'],
    [rows.labels.length === size && rows.heldOut.length === size, 'rows, labels and coins differ in number'],
    [rows.persons === undefined || rows.persons.length === size, 'rows and persons differ in number'],
    [train.length === plan.trainRows, `${train.length} units where the plan says ${plan.trainRows}`],
    [spentSteps >= state.stepsDone, `${state.stepsDone} steps done but only ${spentSteps} spent`],
  ]
  for (const [holds, what] of rules) if (!holds) throw new SoftpostError('internal', `runTuning: ${what}`)
}

function requireFinite(prompt: Float32Array): void {
  if (prompt.every(Number.isFinite)) return
  throw new SoftpostError(
    'non-finite',
    'the prompt is no longer made of finite numbers; the last checkpoint is kept, tune again with a lower learning rate',
  )
}
