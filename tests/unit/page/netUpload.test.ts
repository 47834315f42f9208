import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeMultipart } from '../../../src/engine/multipart.ts'
import { buildUpload } from '../../../src/engine/upload.ts'
import { PARTS, TransferRequest } from '../../../workers/protocol/wire.ts'
import { makeRelease } from './support.ts'

const CHOICES = { publicSet: 'clinc150', alpha: 'auto', steps: null } as const

async function readForm({
  type,
  bytes,
}: {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}): Promise<FormData> {
  return await new Response(bytes, { headers: { 'Content-Type': type } }).formData()
}

async function bytesOf(value: FormDataEntryValue | null): Promise<Uint8Array> {
  if (value === null) throw new Error('the part is missing')
  return typeof value === 'string' ? new TextEncoder().encode(value) : new Uint8Array(await value.arrayBuffer())
}

describe('the body of an upload', () => {
  it('is read back by the platform as the same parts', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), { minLength: 1, maxLength: 4 })
    const part = fc.uint8Array({ maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(names, fc.array(part, { minLength: 4, maxLength: 4 }), async (names, contents) => {
        const parts = names.map((name, i) => ({
          name,
          type: 'application/octet-stream',
          bytes: new Uint8Array(contents[i] ?? []),
        }))
        const form = await readForm(writeMultipart(parts))
        expect([...form.keys()]).toEqual(names)
        for (const { name, bytes } of parts) expect(await bytesOf(form.get(name))).toEqual(bytes)
      }),
      { numRuns: 50 },
    )
  })

  it('refuses a part that holds the boundary, and a name that needs escaping', () => {
    const bytes = new TextEncoder().encode('xx--edge--')
    const part = { name: 'a', type: 'text/plain', bytes }
    expect(() => writeMultipart([part], 'edge')).toThrow('holds the boundary')
    expect(() => writeMultipart([part], 'edgy')).not.toThrow()
    expect(() => writeMultipart([{ ...part, name: 'a"\r\nX: y' }])).toThrow('not a plain name')
  })
})

describe('an upload', () => {
  it('sends exactly the parts that it shows, and nothing else', async () => {
    const release = makeRelease()
    const upload = await buildUpload(release, CHOICES)
    const form = await readForm(upload.body)
    expect([...form.keys()]).toEqual(Object.values(PARTS))
    for (const { name, bytes, sha256 } of upload.parts) {
      const sent = await bytesOf(form.get(name))
      expect(sent).toEqual(bytes)
      expect(createHash('sha256').update(sent).digest('hex')).toBe(sha256)
    }
    expect(upload.parts.map(({ bytes }) => bytes).slice(0, 2)).toEqual([release.adapterConfig, release.adapterModel])
    const framing = upload.body.bytes.length - upload.parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const lines = upload.parts.map(
      ({ name, type }) =>
        `Content-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n`,
    )
    const boundary = upload.body.type.split('boundary=')[1] ?? ''
    expect(framing).toBe(lines.join('').length + 3 * (boundary.length + 4 + 4) + boundary.length + 6)
  })

  it('has a request that the schema takes as it is', async () => {
    const { request, parts } = await buildUpload(makeRelease(), { ...CHOICES, alpha: 0.25, steps: 40 })
    const written: unknown = JSON.parse(new TextDecoder().decode(parts[2]?.bytes))
    expect(written).toEqual(request)
    expect(TransferRequest.parse(written)).toMatchObject({ alpha: 0.25, steps: 40, student: { id: 'demo-student' } })
  })

  it('leaves a field without a row of the egress table behind', async () => {
    const release = makeRelease()
    const certificate = { ...release.certificate, rows: ['my first row'] }
    const { body } = await buildUpload({ ...release, certificate }, CHOICES)
    expect(new TextDecoder().decode(body.bytes)).not.toContain('my first row')
  })

  it('refuses a certificate about another prompt', async () => {
    const { certificate } = makeRelease(4)
    await expect(buildUpload({ ...makeRelease(), certificate }, CHOICES)).rejects.toMatchObject({ code: 'certificate' })
  })
})
