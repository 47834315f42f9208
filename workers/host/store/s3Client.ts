/**
 * The few calls of the S3 protocol that a store needs, on Amazon's or any server that speaks it. Requests are signed
 * (SigV4) by aws4fetch, which also repeats those that the server failed at; bodies are signed by their hash.
 */
import { AwsClient } from 'aws4fetch'
import { SoftpostError } from '../../protocol/errors.ts'
import { sha256Hex } from './hash.ts'

export type S3Options = {
  /** Address of the service, without the bucket: `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** '' or what comes before every key, ending in `/`. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export type S3Object = { readonly key: string; readonly modifiedAt: number }
export type S3Listing = { readonly objects: readonly S3Object[]; readonly folders: readonly string[] }

/** Repeats of a request that the server failed at (5xx, 429), with pauses that double from 50 ms. */
const RETRIES = 5

export class S3Client {
  readonly #aws: AwsClient
  readonly #options: S3Options

  constructor(options: S3Options) {
    const { accessKeyId, secretAccessKey, sessionToken, region } = options
    this.#options = options
    this.#aws = new AwsClient({
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
      retries: RETRIES,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    })
  }

  async put(key: string, bytes: Uint8Array<ArrayBuffer> | string): Promise<void> {
    const headers = { 'X-Amz-Content-Sha256': sha256Hex(bytes) }
    await this.#send('PUT', this.#url(key), { body: bytes, headers })
  }

  /** Null when there is no such object. */
  async get(key: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const response = await this.#send('GET', this.#url(key))
    return response === null ? null : new Uint8Array(await response.arrayBuffer())
  }

  async has(key: string): Promise<boolean> {
    return (await this.#send('HEAD', this.#url(key))) !== null
  }

  /** One that is not there is deleted already. */
  async delete(key: string): Promise<void> {
    await this.#send('DELETE', this.#url(key))
  }

  /** Everything below a folder (`a/b/`); with `flat` its own objects and the names of the folders in it. */
  async list(folder: string, flat = false): Promise<S3Listing> {
    const objects: S3Object[] = []
    const folders: string[] = []
    let token: string | null = null
    do {
      const url = this.#url('')
      url.searchParams.set('list-type', '2')
      url.searchParams.set('prefix', this.#options.prefix + folder)
      if (flat) url.searchParams.set('delimiter', '/')
      if (token !== null) url.searchParams.set('continuation-token', token)
      const page = await (await this.#send('GET', url))?.text()
      if (page === undefined) throw new SoftpostError('storage', `there is no bucket ${this.#options.bucket}`)
      objects.push(...readObjects(page).map(({ key, modifiedAt }) => ({ key: this.#below(key), modifiedAt })))
      folders.push(...readFolders(page).map((name) => this.#below(name)))
      token = valueOf(page, 'NextContinuationToken')
    } while (token !== null)
    return { objects, folders }
  }

  #url(key: string): URL {
    const { endpoint, bucket, prefix } = this.#options
    return new URL(key === '' ? `${endpoint}/${bucket}` : `${endpoint}/${bucket}/${prefix}${key}`)
  }

  #below(key: string): string {
    return key.slice(this.#options.prefix.length)
  }

  /** Null for 404. */
  async #send(method: string, url: URL, init: RequestInit = {}): Promise<Response | null> {
    let response: Response
    try {
      response = await this.#aws.fetch(url, { ...init, method })
    } catch (error) {
      throw new SoftpostError('storage', `the store at ${this.#options.endpoint} does not answer`, { cause: error })
    }
    if (response.status === 404) return null
    if (response.ok) return response
    const code = valueOf(await response.text(), 'Code') ?? String(response.status)
    throw new SoftpostError('storage', `the store refuses ${method}: ${code}; check bucket, region and credentials`)
  }
}

// Our keys are letters, digits and `/._-`: nothing in them is escaped in XML.

function readObjects(page: string): S3Object[] {
  return [...page.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = '']) => ({
    key: valueOf(entry, 'Key') ?? '',
    modifiedAt: Date.parse(valueOf(entry, 'LastModified') ?? ''),
  }))
}

function readFolders(page: string): string[] {
  return [...page.matchAll(/<CommonPrefixes>(.*?)<\/CommonPrefixes>/gs)].map(
    ([, entry = '']) => valueOf(entry, 'Prefix') ?? '',
  )
}

function valueOf(xml: string, name: string): string | null {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? null
}
