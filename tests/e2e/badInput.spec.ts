/** Files that are not what they should be, in the page: each gets its own words, and the next file is read as ever. */
import { expect, test } from '@playwright/test'
import { DATA_COPY } from '../../src/features/data/copy.ts'
import { describeError } from '../../src/ui/errorCopy.ts'
import type { ErrorCode } from '../../workers/protocol/errors.ts'
import { expectAccessible } from './support/findings.ts'
import { Journey } from './support/journey.ts'

type BadFile = { readonly what: string; readonly name: string; readonly bytes: () => Buffer; readonly code: ErrorCode }

const MEBIBYTE = 2 ** 20

const BAD_FILES: readonly BadFile[] = [
  { what: 'an empty file', name: 'empty.csv', bytes: () => Buffer.alloc(0), code: 'file-empty' },
  { what: 'a file of blanks', name: 'blank.txt', bytes: () => Buffer.from(' \n\n\t\n'), code: 'file-empty' },
  {
    what: 'a picture',
    name: 'photo.csv',
    bytes: () => Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    code: 'file-binary',
  },
  {
    what: 'a spreadsheet',
    name: 'table.csv',
    bytes: () => Buffer.from([0x50, 0x4b, 3, 4, ...Array.from({ length: 200 }, (_, i) => i)]),
    code: 'file-binary',
  },
  {
    what: 'letters in another encoding',
    name: 'latin1.csv',
    bytes: () => Buffer.from('text,label\nschön und gut,a\nweiß nicht,b\n', 'latin1'),
    code: 'file-encoding',
  },
  { what: 'a header without rows', name: 'header.csv', bytes: () => Buffer.from('text,label\n'), code: 'no-rows' },
  {
    what: 'a file of 200 MB',
    name: 'huge.csv',
    // Written to disk by the browser's own upload, so that its size is real.
    bytes: () => Buffer.alloc(200 * MEBIBYTE, 'text,label\n'),
    code: 'file-too-large',
  },
]

const GOOD = `text,label\n${Array.from({ length: 30 }, (_, i) => `row ${i} about ${i % 2 ? 'cash' : 'a card'},${i % 2 ? 'cash' : 'card'}`).join('\n')}\n`

test('tells what is wrong with a file, and reads the next one', async ({ page }, testInfo) => {
  const journey = new Journey(page)
  await journey.open()
  await journey.loadModel()
  await journey.next('data')
  for (const { what, name, bytes, code } of BAD_FILES) {
    await test.step(what, async () => {
      const path = testInfo.outputPath(name)
      const { writeFile } = await import('node:fs/promises')
      await writeFile(path, bytes())
      await page.locator('input[type=file]').first().setInputFiles(path)
      const { title } = describeError({ code, message: '' })
      await expect(page.getByText(title, { exact: true })).toBeVisible()
      await expect(page.getByText(DATA_COPY.failed.safe)).toBeVisible()
    })
  }
  await journey.takeFile({ name: 'good.csv', mimeType: 'text/csv', buffer: Buffer.from(GOOD) })
  await expect(journey.fact(DATA_COPY.file.rows)).toHaveText('30')
  expect(journey.complaints).toEqual([])
})

test('explains a file of one label, a file without labels and a word that the model does not know', async ({
  page,
}) => {
  const journey = new Journey(page)
  const take = async (name: string, text: string) =>
    await journey.takeFile({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
  await journey.open()
  await journey.loadModel()
  await journey.next('data')

  await take('one.csv', 'text,label\nfirst row,card\nsecond row,card\n')
  await expect(page.getByText(/all.+rows have the (?:same )?label/i).first()).toBeVisible()

  await page.getByRole('button', { name: DATA_COPY.pick.another }).click()
  await take('plain.txt', 'first row\nsecond row\n')
  await expect(page.getByText(DATA_COPY.file.unlabelled.title)).toBeVisible()

  await page.getByRole('button', { name: DATA_COPY.pick.another }).click()
  await take('words.csv', GOOD.replaceAll(',cash', ',antidisestablishmentarianism'))
  await expect(page.getByText(DATA_COPY.task.wrong)).toBeVisible()
  await expect(page.getByText(/“antidisestablishmentarianism” is several pieces here/)).toBeVisible()

  await page.getByRole('button', { name: DATA_COPY.pick.another }).click()
  await take('long.csv', `${GOOD}${'word '.repeat(10_000)},card\n`)
  await expect(page.getByText(DATA_COPY.task.ready.title)).toBeVisible()
  await expect(page.getByText(DATA_COPY.task.ready.cut('1 row'))).toBeVisible()

  await test.step('what is odd about the rows is shown, and mended in an edited file', async () => {
    const { problems } = DATA_COPY
    await expect(page.getByText(problems.long('1 row'))).toBeVisible()
    await page.getByRole('button', { name: problems.leaveOutLong }).click()
    await journey.taskFits()
    await expect(journey.fact(DATA_COPY.file.rows)).toHaveText('30')
    await page.getByRole('button', { name: DATA_COPY.pick.another }).click()
    await take('odd.csv', `${GOOD}row 0 about a card,card\nRow 0 about a CARD!,card\nrow 1 about cash,card\n`)
    await journey.taskFits()
    await expect(page.getByText(problems.contradictions('1 text', '2 rows'))).toBeVisible()
    await expect(page.getByText(problems.duplicates('1 row'))).toBeVisible()
    await expect(page.getByText(problems.nearDuplicates('1 row'))).toBeVisible()
    await expectAccessible(page)
    for (const name of Object.values(problems.edit.names).slice(0, 3))
      await page.getByRole('checkbox', { name }).check()
    await page.getByRole('button', { name: problems.edit.make }).click()
    await expect(page.getByText(problems.edit.made('29 rows'))).toBeVisible()
    await page.getByRole('button', { name: problems.edit.use }).click()
    await journey.taskFits()
    await expect(page.getByText('odd-edited.csv')).toBeVisible()
    await expect(page.getByText(problems.clean)).toBeVisible()
  })
  expect(journey.complaints).toEqual([])
})
