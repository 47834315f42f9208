/** Every cut of a product gives the very same bits: which is taken may depend on a batch, what an example adds may not. */
import { dispose, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { allColumns } from '../../workers/runtime/columns.ts'
import { pack } from '../../workers/runtime/kernels/linear/packed.ts'
import { tuneLinear } from '../../workers/runtime/kernels/linear/wgsl/autotune.ts'
import { candidates, cutFor, SHAPE_CLASSES, type Cut } from '../../workers/runtime/kernels/linear/wgsl/cuts.ts'
import { wgslLinear, wgslLinearBackward } from '../../workers/runtime/kernels/linear/wgsl/linear.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { openTarget } from './support/backends.ts'
import { GPUS, values } from './support/sameNumbers.ts'
import { interruptible } from '../../workers/protocol/interrupt.ts'

const SHAPE = { rows: 70, inner: 52, outer: 132 }

const all = [...new Map(SHAPE_CLASSES.flatMap(candidates).map((cut) => [JSON.stringify(cut), cut])).values()]

/** A software GPU compiles each of them for up to half a minute. */
const COMPILE_MS = 40 * 60_000

describe.skipIf(process.env['LONG'] !== '1').each(GPUS.filter(({ software }) => !software))(
  'cuts on $label',
  (target) => {
    it('agree to the bit, there and back', { timeout: COMPILE_MS }, async () => {
      await openTarget(target)
      const { rows, inner, outer } = SHAPE
      const weight = values(inner * outer, 1)
      const w = pack({ weight, shape: [inner, outer], layout: 'in-out', format: 'int8' })
      const results = async (cut: Cut): Promise<readonly Float32Array[]> => {
        const there = tidy(() => wgslLinear(allColumns(tensor2d(values(rows * inner, 2), [rows, inner])), w, {}, cut))
        const back = tidy(() =>
          wgslLinearBackward(allColumns(tensor2d(values(rows * outer, 3), [rows, outer])), w, {}, cut),
        )
        const gain = tensor1d(values(inner, 4))
        const norm = { gain, bias: gain, eps: 1e-5 }
        const normed = tidy(() =>
          wgslLinear(
            allColumns(tensor2d(values(rows * inner, 2), [rows, inner])),
            w,
            { norm, activation: 'gelu-tanh' },
            cut,
          ),
        )
        gain.dispose()
        return [await take(there), await take(back), await take(normed)]
      }
      const [first, ...others] = all
      if (!first) throw new Error('there are no candidates')
      const expected = await results(first)
      expect(expected[0]?.some((value) => value !== 0)).toBe(true)
      for (const cut of others) expect(await results(cut), JSON.stringify(cut)).toEqual(expected)
      dispose([w.values, ...(w.scales ? [w.scales] : [])])
    })

    it('are measured, and one of the candidates is taken', { timeout: COMPILE_MS }, async () => {
      await interruptible(() => tuneLinear(32, null), (await openTarget(target)).watch)
      expect(candidates({ rows: 'many', columns: 'narrow' })).toContainEqual(cutFor(512, 32))
    })
  },
)
