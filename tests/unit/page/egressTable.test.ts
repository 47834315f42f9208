import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  CLASSIFY_EGRESS,
  fieldsFor,
  RELEASE_EGRESS,
  TRANSFER_EGRESS,
  type EgressTable,
  type FieldPath,
} from '../../../workers/protocol/egress.ts'
import type { Task } from '../../../workers/protocol/task.ts'
import type { TransferRequest } from '../../../workers/protocol/wire.ts'
import { makeRelease } from './support.ts'

type Note = {
  readonly title: string
  readonly place: { readonly city: string; readonly street: string } | null
  readonly tags: readonly string[]
}

const YES = { device: true, file: true, server: true }
const NO = { device: true, file: false, server: false }

const NOTE: EgressTable<Note> = { title: YES, 'place.city': YES, 'place.street': NO, tags: NO }

/** Dotted paths of a value as it really is, to hold against the table. */
function pathsOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const path = `${prefix}${key}`
    const opened = typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !ArrayBuffer.isView(inner)
    return opened && !path.endsWith('labels') ? pathsOf(inner, `${path}.`) : [path]
  })
}

describe('the egress table', () => {
  it('names every field by its path', () => {
    expectTypeOf<FieldPath<Note>>().toEqualTypeOf<'title' | 'place.city' | 'place.street' | 'tags'>()
    expectTypeOf<'certificate.privacy.sampleRate'>().toExtend<FieldPath<TransferRequest>>()
    expectTypeOf<{ title: typeof YES }>().not.toExtend<EgressTable<Note>>()
  })

  it('has one row for each field of a real request and of a real release', () => {
    const release = makeRelease()
    const { certificate } = release
    const { initText, template } = certificate.declaredPublic.task
    const asking: Task = { kind: 'extract', template, end: '.', maxAnswerTokens: 3, initText }
    const other = { ...certificate, declaredPublic: { ...certificate.declaredPublic, task: asking } }
    const requestOf = ({ student, declaredPublic: { task }, ...more }: typeof other | typeof certificate) => ({
      version: 1,
      student,
      task,
      publicSet: 'p',
      alpha: 'auto',
      steps: null,
      certificate: { student, declaredPublic: { ...certificate.declaredPublic, task }, ...more },
    })
    const allPaths = (...values: object[]) => [...new Set(values.flatMap((value) => pathsOf(value)))].sort()
    expect(allPaths(requestOf(certificate), requestOf(other))).toEqual(Object.keys(TRANSFER_EGRESS).sort())
    expect(allPaths(release, { ...release, certificate: other })).toEqual(Object.keys(RELEASE_EGRESS).sort())
    expect(pathsOf({ texts: ['a'] })).toEqual(Object.keys(CLASSIFY_EGRESS))
  })

  it('copies what may go, and leaves all else', () => {
    const note = { title: 't', place: { city: 'c', street: 's', door: 4 }, tags: ['x'], secret: 'y' }
    expect(fieldsFor<Note>('server', note, NOTE)).toEqual({ title: 't', place: { city: 'c' } })
    expect(fieldsFor<Note>('device', note, NOTE)).toEqual({
      title: 't',
      place: { city: 'c', street: 's' },
      tags: ['x'],
    })
  })

  it('keeps a null in place of an object, and nothing else', () => {
    expect(fieldsFor<Note>('server', { title: 't', place: null, tags: [] }, NOTE)).toEqual({ title: 't', place: null })
    // A value that is not of its type must not slip through where an object is expected.
    const wrong = { title: 't', place: 'a private sentence', tags: [] } as unknown as Note
    expect(fieldsFor('server', wrong, NOTE)).toEqual({ title: 't' })
  })

  it('takes no inherited name for a row', () => {
    const odd = JSON.parse(
      '{"title": "t", "constructor": "x", "place": {"toString": "y", "city": "c"}, "tags": []}',
    ) as Note
    expect(fieldsFor('server', odd, NOTE)).toEqual({ title: 't', place: { city: 'c' } })
  })

  it('lets nothing of a release go to the server but the prompt and its certificate', () => {
    const sent = fieldsFor('server', makeRelease(), RELEASE_EGRESS)
    expect(Object.keys(sent).sort()).toEqual(['adapterConfig', 'adapterModel', 'certificate'])
  })
})
