import { cp, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { studentCommand } from '../../../workers/host/cli/student.ts'
import { readManifest, readModelFolder } from '../../../workers/host/modelFolder.ts'
import { readSafetensors, writeSafetensors } from '../../../workers/model/safetensors.ts'
import { DEMO_STUDENT, DEMO_TEACHER, readBytes, rejectionOf } from './support.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-'))
  await cp(DEMO_STUDENT, join(folder, 'My Model'), { recursive: true })
})
afterEach(() => rm(folder, { recursive: true }))
const model = () => join(folder, 'My Model')
const tensorsOf = (dir: string) => readSafetensors(readBytes(join(dir, 'model.safetensors'))).tensors

describe('a model folder', () => {
  test('with a manifest is read and checked', async () => {
    const { manifest, files } = await readModelFolder(DEMO_STUDENT)
    expect(manifest.id).toBe('demo-student')
    expect(files.map(({ name }) => name)).toEqual(manifest.files.map(({ name }) => name))
    expect(await readManifest(DEMO_STUDENT)).toMatchObject({ id: 'demo-student', sha256: manifest.sha256 })
  })

  test('of Hugging Face has a manifest derived from its files', async () => {
    const { sha256 } = await readManifest(DEMO_STUDENT)
    await rm(join(model(), 'manifest.json'))
    const { manifest, files } = await readModelFolder(model())
    expect(manifest).toMatchObject({ id: 'my-model', role: 'teacher', architecture: 'gpt2', layers: 2, width: 256 })
    expect(manifest).toMatchObject({ vocabulary: 8192, parameters: 3_742_720, sha256 })
    expect(files).toHaveLength(4)
  })

  test('may have its weights in shards', async () => {
    const whole = readSafetensors(readBytes(join(model(), 'model.safetensors'))).tensors
    const names = [...whole.keys()]
    const shards = [names.slice(0, 5), names.slice(5)]
    const map: Record<string, string> = {}
    for (const [index, shard] of shards.entries()) {
      const file = `model-0000${index + 1}-of-00002.safetensors`
      for (const name of shard) map[name] = file
      const tensors = new Map([...whole].filter(([name]) => shard.includes(name)))
      await writeFile(join(model(), file), writeSafetensors(tensors))
    }
    await writeFile(join(model(), 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
    await rm(join(model(), 'model.safetensors'))
    await rm(join(model(), 'manifest.json'))
    const { manifest, files } = await readModelFolder(model())
    expect(manifest.parameters).toBe(3_742_720)
    expect(files.filter(({ name }) => name.endsWith('.safetensors'))).toHaveLength(2)
    await rm(join(model(), 'model-00002-of-00002.safetensors'))
    const error = await rejectionOf('model-missing-file', readModelFolder(model()))
    expect(error.data.missing).toEqual(['model-00002-of-00002.safetensors'])
  })

  test('that is none says what is missing', async () => {
    const error = await rejectionOf('model-missing-file', readModelFolder(folder))
    expect(error.message).toContain('config.json, tokenizer.json, model.safetensors missing')
    await rejectionOf('model-missing-file', readManifest(join(folder, 'nothing')))
  })

  test('with weights cut short is refused, with a manifest and without', async () => {
    await truncate(join(model(), 'model.safetensors'), 1_000_000)
    await rejectionOf('model-unknown', readManifest(model()))
    await rm(join(model(), 'manifest.json'))
    expect((await rejectionOf('safetensors', readModelFolder(model()))).message).toContain('cut short')
  })

  test('whose configuration is of something else is refused', async () => {
    await rm(join(model(), 'manifest.json'))
    await writeFile(join(model(), 'config.json'), '{"model_type":"resnet","vocab_size":1}')
    await rejectionOf('model-unknown', readModelFolder(model()))
    await writeFile(join(model(), 'config.json'), 'no')
    await rejectionOf('model-unknown', readModelFolder(model()))
  })
})

describe('softpost student', () => {
  test('takes embeddings, head and layers as they are, and says so', async () => {
    const out = join(folder, 'cut')
    expect(await studentCommand.run(['--teacher', DEMO_TEACHER, '--layers', '0,5', '--out', out, '--json'])).toBe(0)
    const { manifest } = await readModelFolder(out)
    expect(manifest).toMatchObject({ id: 'cut', role: 'student', teacher: 'demo-teacher', layers: 2 })
    expect(manifest.description).toContain('Not distilled')
    const [own, teacher] = [tensorsOf(out), tensorsOf(DEMO_TEACHER)]
    for (const [name, { bytes }] of own) {
      // Not toEqual, which takes seconds for millions of bytes.
      expect(Buffer.compare(bytes, teacher.get(name.replace('.h.1.', '.h.5.'))?.bytes ?? Buffer.of()), name).toBe(0)
    }
    expect(own.size).toBe([...teacher.keys()].filter((name) => !/\.h\.[1-4]\./.test(name)).length)
  })

  test.each([
    [[], /--teacher, --layers and --out/],
    [['--nonsense'], /--nonsense/],
    [['--teacher', DEMO_TEACHER, '--layers', '5,0', '--out', 'x'], /ascending/],
    [['--teacher', DEMO_TEACHER, '--layers', '0,6', '--out', 'x'], /layers 0 to 5, not 6/],
    [['--teacher', DEMO_TEACHER, '--layers', '0', '--out', 'x', '--id', 'No Name'], /the id No Name/],
    [['--teacher', DEMO_TEACHER, '--layers', '0', '--out', DEMO_STUDENT], /holds other files/],
  ])('refuses %j', async (args, says) => {
    expect((await rejectionOf('usage', studentCommand.run(args))).message).toMatch(says)
  })
})
