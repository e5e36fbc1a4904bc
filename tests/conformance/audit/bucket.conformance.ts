import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bucketStore } from '#lib/platform/adapters/checkpoints/bucket.ts'
import { systemClock } from '#lib/platform/clock.ts'
import { checkpointStoreContract } from '#lib/platform/ports/checkpoint-store.contract.ts'
import { credentials, startBucketServer } from './versitygw.ts'

const program = process.env['QUARTERDECK_VERSITYGW'] ?? ''
type Server = Awaited<ReturnType<typeof startBucketServer>>

const storeAt = (url: string, lock?: { mode: 'COMPLIANCE'; days: number }) =>
  bucketStore({ url, region: 'us-east-1', ...credentials, keepsTiles: true, ...(lock ? { lock } : {}) }, systemClock)

async function ok(response: Promise<Response>): Promise<Response> {
  const answered = await response
  if (!answered.ok) throw new Error(`${answered.status} ${await answered.text()}`)
  return answered
}

checkpointStoreContract('S3-compatible bucket', async () => {
  const server = await startBucketServer(program)
  const url = `${server.origin}/audit/one-log`
  await ok(server.client.fetch(`${server.origin}/audit`, { method: 'PUT' }))
  return {
    open: () => Promise.resolve(storeAt(url)),
    tamper: async (file, bytes) => {
      await ok(server.client.fetch(`${url}/${file}`, { method: 'PUT', body: new Uint8Array(bytes) }))
    },
    stop: server.stop,
    close: server.close,
  }
})

describe('a bucket with Object Lock', () => {
  let server: Server
  beforeAll(async () => {
    server = await startBucketServer(program)
    const headers = { 'x-amz-bucket-object-lock-enabled': 'true' }
    await ok(server.client.fetch(`${server.origin}/locked`, { method: 'PUT', headers }))
  })
  afterAll(() => server.close())

  it('keeps every version of the checkpoint, and lets nobody delete one before its time', async () => {
    const url = `${server.origin}/locked`
    const store = storeAt(url, { mode: 'COMPLIANCE', days: 1 })
    for (const note of ['one\n', 'two\n']) {
      const expected = await store.readCheckpoint()
      await store.writeCheckpoint(note, expected)
    }
    expect(await store.readCheckpoint()).toBe('two\n')
    const listed = await (await ok(server.client.fetch(`${url}?versions`))).text()
    const versions = [...listed.matchAll(/<VersionId>([^<]+)<\/VersionId>/g)].map(([, id]) => id ?? '')
    expect(versions).toHaveLength(2)
    for (const id of versions) {
      const answer = await server.client.fetch(`${url}/checkpoint?versionId=${id}`, { method: 'DELETE' })
      expect([403, 400]).toContain(answer.status)
      expect(await answer.text()).toMatch(/AccessDenied|ObjectLocked|InvalidRequest/)
    }
  })
  it('refuses wrong credentials without saying them', async () => {
    const wrong = { ...credentials, secretAccessKey: 'a wrong word' }
    const store = bucketStore(
      { url: `${server.origin}/locked`, region: 'us-east-1', ...wrong, keepsTiles: true },
      systemClock,
    )
    const error: unknown = await store.readCheckpoint().catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(String(error)).toMatch(/HTTP 403/)
    expect(String(error)).not.toContain('a wrong word')
  })
})
