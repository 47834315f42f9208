/** `softpost public-sets`: a list is made, added to and read, and the set nearest to a task is named. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { publicSetsCommand } from '../../../workers/host/cli/publicSets.ts'
import { suggestPublicSet } from '../../../workers/protocol/publicSets.ts'
import { PublicSets } from '../../../workers/host/store/publicSets.ts'
import { rejectionOf } from '../model/support.ts'

let folder = ''
let sets = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'softpost-sets-'))
  sets = join(folder, 'host', 'public-sets.json')
  await writeFile(join(folder, 'News.CSV'), 'text,topic\nmarkets fell,a\nthe cup was won,b\n')
  await writeFile(join(folder, 'labels.json'), '{"a": ["business"], "b": ["sports"]}')
  await writeFile(join(folder, 'films.txt'), 'a fine film\n')
})
afterEach(() => rm(folder, { recursive: true }))

async function run(...args: readonly string[]): Promise<unknown> {
  const written: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    expect(await publicSetsCommand.run([...args, '--public-sets', sets, '--json'])).toBe(0)
  } finally {
    out.mockRestore()
  }
  return JSON.parse(written.join(''))
}

const of = (id: string, file: string, domain: string) =>
  ['add', '--id', id, '--file', join(folder, file), '--name', id, '--licence', 'CC0-1.0', '--domain', domain] as const

const addNews = () =>
  run(...of('news', 'News.CSV', 'short news'), '--label-column', 'topic', '--labels', join(folder, 'labels.json'))

test('adds sets with their files, sizes and labels, and lists them', async () => {
  const news = await addNews()
  expect(news).toMatchObject({ id: 'news', rows: 2, sizeBytes: 44, labels: { a: ['business'], b: ['sports'] } })
  const films = await run(...of('films', 'films.txt', 'film reviews'), '--description', 'One review')
  expect(await run('list')).toEqual({ publicSets: [news, films] })
  expect((await readdir(join(folder, 'host'))).sort()).toEqual(['films.txt', 'news.csv', 'public-sets.json'])
  const opened = await PublicSets.open(sets, () => undefined)
  const { path, ...file } = opened.file('news')
  expect(file).toEqual({ textColumn: 'text', labelColumn: 'topic', labels: { a: ['business'], b: ['sports'] } })
  expect(await readFile(path, 'utf8')).toContain('markets fell')
})

test('replaces a set only when told to', async () => {
  await addNews()
  const again = of('news', 'films.txt', 'films')
  await rejectionOf('conflict', publicSetsCommand.run([...again, '--public-sets', sets]))
  expect(await run(...again, '--force')).toMatchObject({ rows: 1 })
  expect(await run('list')).toMatchObject({ publicSets: [{ domain: 'films' }] })
})

test('names the nearest set by template and words of the task', async () => {
  await addNews()
  await run(...of('films', 'films.txt', 'film reviews'))
  const suggest = async (template: string, labels: object) => {
    const task = join(folder, 'task.json')
    await writeFile(task, JSON.stringify({ template, labels, initText: 'x' }))
    return await run('suggest', '--task', task)
  }
  expect(await suggest('{text} It was', { bad: ['bad'], review: ['Reviews'] })).toEqual({
    suggestion: { id: 'films', shared: ['review'] },
  })
  expect(await suggest('{text}', { x: ['business'], y: ['sport'] })).toMatchObject({ suggestion: { id: 'news' } })
  expect(await suggest('{text} It was about', { x: ['tea'], y: ['rice'] })).toEqual({ suggestion: null })
})

test('finds words of a description in German', () => {
  const set = { id: 'news', name: 'News', description: 'Short news', domain: 'news' }
  const german = { description: 'Kurze Meldungen', domain: 'Nachrichten' }
  const task = { template: '{text}', labels: { x: ['Nachrichten'], y: ['Werbung'] } }
  expect(
    suggestPublicSet(task, [
      { ...set, german },
      { ...set, id: 'other' },
    ]),
  ).toEqual({
    id: 'news',
    shared: ['nachrichten'],
  })
})

test.each([
  [[], 'say list, add or suggest'],
  [['add', '--id', 'a'], '--file'],
  [['suggest'], '--task'],
  [['list', 'more'], 'too many'],
])('says what is wrong with %j', async (args, said) => {
  const error = await rejectionOf('usage', publicSetsCommand.run([...args, '--public-sets', sets]))
  expect(error.message).toContain(said)
})

test('refuses an id that is no file name', async () => {
  await rejectionOf('usage', publicSetsCommand.run([...of('../x', 'films.txt', 'films'), '--public-sets', sets]))
  expect(await readdir(folder)).not.toContain('host')
})
