/** The form of an upload. Its bytes are looked over before they are parsed: millions of tiny parts take seconds. */
import { SoftpostError } from '../../protocol/errors.ts'

/** Senders of forms write this and nothing more; a type of two boundaries would be read differently by each reader. */
const TYPE = /^multipart\/form-data\s*;\s*boundary=("?)([\w'()+,./:=?-]{1,70})\1\s*$/i

/** Bytes of a part's own headers; a sender needs about 150. */
const HEADER_BYTES = 4 * 1024

/** Errors: `bad-request` for another type, more than `mostParts`, headers beyond need, or what breaks off. */
export async function readForm(request: Request, mostParts: number): Promise<FormData> {
  const type = request.headers.get('content-type') ?? ''
  const boundary = TYPE.exec(type)?.[2]
  if (boundary === undefined) {
    throw new SoftpostError('bad-request', 'the upload must be multipart/form-data; see /openapi.json')
  }
  try {
    const body = Buffer.from(await request.arrayBuffer())
    checkShape(body, boundary, mostParts)
    return await new Response(body, { headers: { 'Content-Type': type } }).formData()
  } catch (error) {
    if (error instanceof SoftpostError) throw error
    throw new SoftpostError('bad-request', 'the upload is not complete multipart/form-data; send it again', {
      cause: error,
    })
  }
}

/** No more parts than there may be, each of whose headers end soon. The last boundary closes the form. */
function checkShape(body: Buffer, boundary: string, mostParts: number): void {
  const mark = `--${boundary}`
  let parts = 0
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) {
    parts += 1
    const head = body.subarray(at, at + HEADER_BYTES)
    const isLast = head.toString('latin1', mark.length, mark.length + 2) === '--'
    if (parts > mostParts + 1 || (!isLast && head.indexOf('\r\n\r\n') < 0)) {
      throw new SoftpostError('bad-request', `the upload is not a form of ${mostParts} parts; see /openapi.json`)
    }
  }
}
