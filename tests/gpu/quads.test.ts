/** Invocations that hand each other what they read of X multiply the very same numbers as those that read it all. */
import { dispose, tidy } from '@tensorflow/tfjs-core'
import { expect, it } from 'vitest'
import { allColumns } from '../../workers/runtime/columns.ts'
import { pack } from '../../workers/runtime/kernels/linear/packed.ts'
import { wgslLinear, wgslLinearBackward } from '../../workers/runtime/kernels/linear/wgsl/linear.ts'
import { take } from '../../workers/runtime/tensors.ts'
import { hasSubgroups, setSubgroups } from '../../workers/runtime/wgsl/program.ts'
import { openTarget } from './support/backends.ts'
import { GPUS, matrix, values } from './support/sameNumbers.ts'

it.each(GPUS.filter(({ software }) => software))('products on $label', async (target) => {
  await openTarget(target)
  const usable = hasSubgroups()
  const [rows, inner, outer] = [21, 52, 132]
  const weight = values(inner * outer, 1)
  const outputScale = values(outer, 4)
  const w = pack({ weight, shape: [inner, outer], layout: 'in-out', format: 'int8', outputScale })
  const results = async (together: boolean): Promise<readonly Float32Array[]> => {
    setSubgroups(together)
    const there = tidy(() => wgslLinear(allColumns(matrix(rows, inner, 2)), w))
    const back = tidy(() => wgslLinearBackward(allColumns(matrix(rows, outer, 3)), w))
    return [await take(there), await take(back)]
  }
  try {
    const alone = await results(false)
    expect(alone.every((numbers) => numbers.some((value) => value !== 0))).toBe(true)
    expect(await results(usable)).toEqual(alone)
  } finally {
    setSubgroups(usable)
    dispose([w.values, ...(w.scales ? [w.scales] : [])])
  }
})
