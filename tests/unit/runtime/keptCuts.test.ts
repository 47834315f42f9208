import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'fake-indexeddb/auto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutDatabase } from '../../../workers/browser/storage/cutDatabase.ts'
import { cutFile } from '../../../workers/host/cutFile.ts'
import { candidates, keyOf, SHAPE_CLASSES } from '../../../workers/runtime/kernels/linear/wgsl/cuts.ts'
import { deviceKey, parseKeptCuts, type KeptCuts } from '../../../workers/runtime/kernels/linear/wgsl/keptCuts.ts'

/** The last candidate of each class. */
const CUTS: KeptCuts = Object.fromEntries(
  SHAPE_CLASSES.map((shapeClass) => [keyOf(shapeClass), candidates(shapeClass).at(-1) ?? candidates(shapeClass)[0]]),
)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-cuts-'))
})
afterAll(async () => await rm(folder, { recursive: true }))

describe('kept cuts', () => {
  it('are taken where each is one that would be tried', () => {
    const kept = parseKeptCuts(JSON.parse(JSON.stringify(CUTS)))
    expect(Object.fromEntries(kept?.map(({ shapeClass, cut }) => [keyOf(shapeClass), cut]) ?? [])).toEqual(CUTS)
  })

  it('are measured again where one is missing, unknown, or not a cut', () => {
    const [first = ''] = Object.keys(CUTS)
    const { [first]: missing, ...others } = CUTS
    expect(missing).toBeDefined()
    const strange = { ...missing, rows: 1_000 }
    for (const given of [
      undefined,
      null,
      'text',
      [],
      {},
      others,
      { ...CUTS, [first]: strange },
      { ...CUTS, [first]: 1 },
    ]) {
      expect(parseKeptCuts(given)).toBeNull()
    }
  })

  it.each([
    ['a file', () => cutFile(join(folder, 'deep', 'gpu.json'))],
    ['a browser', () => cutDatabase],
  ])('stay in %s by device', async (_where, open) => {
    const [one, other] = [deviceKey('one'), deviceKey('other')]
    expect(await open().read(one)).toBeUndefined()
    await open().write(one, CUTS)
    await open().write(other, {})
    expect(parseKeptCuts(await open().read(one))).not.toBeNull()
    expect(await open().read(other)).toEqual({})
  })

  it('give way to a file that cannot be read or written', async () => {
    const broken = join(folder, 'broken.json')
    await writeFile(broken, '{"1 one":')
    expect(await cutFile(broken).read(deviceKey('one'))).toBeUndefined()
    await cutFile(broken).write(deviceKey('one'), CUTS)
    expect(JSON.parse(await readFile(broken, 'utf8'))).toEqual({ [deviceKey('one')]: CUTS })
    const nowhere = cutFile(join(broken, 'gpu.json'))
    await nowhere.write(deviceKey('one'), CUTS)
    expect(await nowhere.read(deviceKey('one'))).toBeUndefined()
  })
})
