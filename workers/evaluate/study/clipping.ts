/** Clipping without noise: what the clip alone does to a prompt. It is no differential privacy. */
import type { Engine } from '../../pool/types.ts'
import { GRADIENT_STEPS } from '../../privacy/contribution.ts'

/** The engine, its plain sums made of clipped gradients. */
export function clipping(engine: Engine, clipNorm: number): Engine {
  return {
    report: engine.report,
    load: (slot, files) => engine.load(slot, files),
    embed: (slot, ids) => engine.embed(slot, ids),
    tune: async (batch) => {
      const { sum } = await engine.tune({ ...batch, contribution: { kind: 'clipped', clipNorm } })
      const size = batch.prompt.length
      // The gradient back from the grid; the curve's two figures are not read.
      return { sum: Float64Array.from(sum.subarray(0, size + 2), (value) => (value * clipNorm) / GRADIENT_STEPS) }
    },
    classify: (batch) => engine.classify(batch),
    logits: (batch) => engine.logits(batch),
    judge: (batch) => engine.judge(batch),
    write: (batch) => engine.write(batch),
    transfer: (batch) => engine.transfer(batch),
    close: () => engine.close(),
  }
}
