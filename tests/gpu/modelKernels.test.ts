/** Kernels that not every architecture has, against the same formulas composed of tfjs ops on the CPU. */
import { describe, it } from 'vitest'
import { gatedSilu, gatedSiluBackward } from '../../workers/runtime/kernels/gatedSilu/gatedSilu.ts'
import { geluErf, geluErfBackward } from '../../workers/runtime/kernels/geluErf/geluErf.ts'
import { rmsNorm, rmsNormBackward } from '../../workers/runtime/kernels/rmsNorm/rmsNorm.ts'
import { rotate, type Turn } from '../../workers/runtime/kernels/rope/rope.ts'
import { ownRows } from '../../workers/runtime/kernels/sequences.ts'
import { expectSame, GPUS, matrix, vector } from './support/sameNumbers.ts'

describe.each(GPUS)('kernels on $label', (target) => {
  it.each([4, 60, 768])('normalises rows of %i by their root mean square', async (width) => {
    await expectSame(target, () => {
      const norm = { gain: vector(width, 1), eps: 1e-5 }
      const [x, dy] = [matrix(9, width, 2), matrix(9, width, 3)]
      return [
        rmsNorm(x, norm),
        rmsNormBackward(dy, ownRows(x), norm),
        rmsNormBackward(dy, ownRows(x), norm, { rows: matrix(9, width, 4) }),
        rmsNormBackward(matrix(27, width, 5), ownRows(x), norm),
      ]
    })
  })

  it.each([4, 36, 300])('applies activations to rows of %i', async (width) => {
    await expectSame(target, () => {
      const [x, u] = [matrix(7, width, 1), matrix(7, 2 * width, 2)]
      return [
        geluErf(x),
        geluErfBackward(matrix(21, width, 3), ownRows(x)),
        gatedSilu(u),
        gatedSiluBackward(matrix(21, width, 4), ownRows(u)),
      ]
    })
  })

  it('turns heads by their positions, and back', async () => {
    await expectSame(target, () => {
      const rotation = { cos: matrix(5, 4, 1), sin: matrix(5, 4, 2) }
      const all: Turn = { rotation, turned: 24, columns: 24, direction: 1 }
      const half: Turn = { rotation, turned: 24, columns: 48, direction: -1 }
      // Rows that are longer than what is asked for, as an attention kernel leaves them.
      return [rotate(matrix(15, 24, 3), all), rotate(matrix(15, 36, 4), all), rotate(matrix(10, 48, 5), half)]
    })
  })
})
