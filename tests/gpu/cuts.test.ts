/** Every cut of a product gives the very same bits: which is taken may depend on a batch, what an example adds may not. */
import { dispose, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { pack } from '../../workers/runtime/kernels/linear/packed.ts'
import { tuneLinear } from '../../workers/runtime/kernels/linear/wgsl/autotune.ts'
import { candidates, cutFor, SHAPE_CLASSES, type Cut } from '../../workers/runtime/kernels/linear/wgsl/cuts.ts'
import { wgslLinear } from '../../workers/runtime/kernels/linear/wgsl/linear.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { openTarget } from './support/backends.ts'
import { GPUS, values } from './support/sameNumbers.ts'
import { interruptible } from '../../workers/protocol/interrupt.ts'

const SHAPE = { rows: 70, inner: 52, outer: 132 }

const all = [...new Map(SHAPE_CLASSES.flatMap(candidates).map((cut) => [JSON.stringify(cut), cut])).values()]

// A software GPU compiles each of them for seconds.
describe.skipIf(process.env['LONG'] !== '1').each(GPUS.filter(({ software }) => !software))(
  'cuts on $label',
  (target) => {
    it('agree to the bit, there and back', async () => {
      await openTarget(target)
      const { rows, inner, outer } = SHAPE
      const weight = values(inner * outer, 1)
      const w = pack({ weight, shape: [inner, outer], layout: 'in-out', format: 'int8' })
      const results = async (cut: Cut): Promise<readonly Float32Array[]> => {
        const there = tidy(() => wgslLinear(tensor2d(values(rows * inner, 2), [rows, inner]), w, {}, cut))
        const back = tidy(() => wgslLinear(tensor2d(values(rows * outer, 3), [rows, outer]), w, { back: true }, cut))
        return [await take(there), await take(back)]
      }
      const [first, ...others] = all
      if (!first) throw new Error('there are no candidates')
      const expected = await results(first)
      expect(expected[0]?.some((value) => value !== 0)).toBe(true)
      for (const cut of others) expect(await results(cut), JSON.stringify(cut)).toEqual(expected)
      dispose([w.values, ...(w.scales ? [w.scales] : [])])
    })

    it('are measured, and one of the candidates is taken', async () => {
      await interruptible(() => tuneLinear(32), (await openTarget(target)).watch)
      expect(candidates({ rows: 'many', columns: 'narrow' })).toContainEqual(cutFor(512, 32))
    })
  },
)
