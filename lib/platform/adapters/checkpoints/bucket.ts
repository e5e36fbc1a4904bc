import { createHash } from 'node:crypto'
import { AwsClient } from 'aws4fetch'
import type { Clock } from '#lib/platform/clock.ts'
import { problem } from '#lib/platform/errors.ts'
import type { CheckpointStore, LogFile } from '#lib/platform/ports/checkpoint-store.ts'

export type BucketStoreOptions = {
  /** https://host[:port]/bucket[/prefix], path style. */
  url: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  keepsTiles: boolean
  /** S3 Object Lock: every version written is kept until then, by the bucket's owner too where the mode is COMPLIANCE. */
  lock?: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days: number }
}

const timeoutMs = 20_000
const retries = 2
const parallel = 8
const noteBytesMax = 1_000_000

/**
 * An S3-compatible bucket. Files are created only where there is none (`If-None-Match: *`) and the checkpoint replaces the very
 * version that was read (`If-Match`), so that two writers cannot overwrite each other unseen. In a bucket with
 * versioning or Object Lock every checkpoint ever published stays readable.
 */
export function bucketStore(options: BucketStoreOptions, clock: Clock): CheckpointStore {
  const base = options.url.replace(/\/+$/, '')
  const { accessKeyId, secretAccessKey, region } = options
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries, initRetryMs: 100 })
  const urlOf = (key: string) => `${base}/${key}`
  const etags = new Map<string, string>()
  const get = async (key: string): Promise<Buffer | undefined> => {
    const response = await ask(client, urlOf(key), { method: 'GET' })
    const body = Buffer.from(await response.arrayBuffer())
    if (response.status === 404) return undefined
    if (!response.ok) throw refused(key, response.status, body)
    etags.set(key, response.headers.get('etag') ?? '')
    return body
  }
  const put = async (key: string, bytes: Uint8Array, condition: Record<string, string>) => {
    const headers = { ...condition, ...lockHeaders(options.lock, clock.now()), ...checksums(bytes) }
    const response = await ask(client, urlOf(key), { method: 'PUT', body: new Uint8Array(bytes), headers })
    const body = Buffer.from(await response.arrayBuffer())
    if (response.ok) return true
    // 412 PreconditionFailed; 409 ConditionalRequestConflict while another writer is at it; 404 for If-Match on nothing.
    if ([404, 409, 412].includes(response.status)) return false
    throw refused(key, response.status, body)
  }
  const create = async (file: LogFile) => {
    if (await put(file.path, file.bytes, { 'if-none-match': '*' })) return
    const held = await get(file.path)
    if (!held?.equals(file.bytes)) throw problem('conflict', `${file.path} stands in ${base} with other bytes.`)
  }
  const readCheckpoint = async () => {
    const bytes = await get('checkpoint')
    if (bytes && bytes.length > noteBytesMax)
      throw problem('unavailable', `The checkpoint in ${base} is too large to read.`)
    return bytes?.toString('utf8')
  }
  return {
    target: `bucket ${base}`,
    keepsTiles: options.keepsTiles,
    readCheckpoint,
    readFile: get,
    async writeFiles(files) {
      for (let at = 0; at < files.length; at += parallel) await Promise.all(files.slice(at, at + parallel).map(create))
    },
    async writeCheckpoint(note, expected) {
      // The very version that is compared here is the one that is replaced.
      const stands = await readCheckpoint()
      const condition: Record<string, string> =
        expected === undefined ? { 'if-none-match': '*' } : { 'if-match': etags.get('checkpoint') ?? '' }
      if (stands !== expected || !(await put('checkpoint', Buffer.from(note, 'utf8'), condition)))
        throw problem('conflict', `Another checkpoint stands in ${base} than the one that was read.`)
    },
  }
}

async function ask(client: AwsClient, url: string, init: RequestInit): Promise<Response> {
  try {
    return await client.fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
  } catch (cause) {
    throw problem('unavailable', `The bucket at ${new URL(url).host} does not answer.`, {}, { cause })
  }
}

/** S3 demands a checksum of whoever sets a lock; it costs nothing to send it always. */
function checksums(bytes: Uint8Array): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'x-amz-checksum-sha256': createHash('sha256').update(bytes).digest('base64'),
  }
}

function lockHeaders(lock: BucketStoreOptions['lock'], now: Date): Record<string, string> {
  if (!lock) return {}
  return {
    'x-amz-object-lock-mode': lock.mode,
    'x-amz-object-lock-retain-until-date': new Date(now.getTime() + lock.days * 86_400_000).toISOString(),
  }
}

function refused(key: string, status: number, body: Buffer): Error {
  const reason = /<Code>(\w+)<\/Code>/.exec(body.toString('utf8', 0, 4_000))?.[1] ?? 'no reason given'
  return problem('unavailable', `The bucket refused ${key}: HTTP ${status}, ${reason}.`, { status, reason })
}
