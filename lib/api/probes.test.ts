import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import pg from 'pg'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import { logVerifierKey } from '#lib/audit/log-key.ts'
import { openCheckpoint } from '#lib/audit/checkpoint.ts'
import { parseVerifierKey } from '#lib/audit/note-key.ts'
import { decodeBundle, tilePath } from '#lib/audit/tiles.ts'
import { appendEntry } from '#lib/audit/append.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { createApi } from './app.ts'
import { testApi, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
})
afterAll(() => api.close())

describe('probes', () => {
  it('say that the process answers and can work, to whoever comes by address', async () => {
    for (const host of ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000', '10.1.2.3:3000', '[fd00::7]']) {
      expect((await api.call('GET', '/api/healthz', { headers: { host } })).body).toEqual({ status: 'ok' })
      expect((await api.call('GET', '/api/readyz', { headers: { host } })).body).toEqual({ status: 'ready' })
    }
    expect((await api.call('GET', '/api/readyz', { headers: { host: 'evil.example' } })).status).toBe(403)
  })

  it('are not ready while the schema lacks a migration', async () => {
    const owner = new pg.Client({ connectionString: api.t.databaseUrl })
    await owner.connect()
    const { rows } = await owner.query(
      'delete from schema_migration where id = (select max(id) from schema_migration) returning *',
    )
    const answer = await api.call('GET', '/api/readyz')
    expect(answer.body).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: `The database lacks the migrations ${String(rows[0].id)}.`,
    })
    const { id, applied_at: at, checksum, by } = rows[0] as Record<string, unknown>
    await owner.query('insert into schema_migration (id, applied_at, checksum, by) values ($1, $2, $3, $4)', [
      id,
      at,
      checksum,
      by,
    ])
    await owner.end()
    expect((await api.call('GET', '/api/readyz')).status).toBe(200)
  })

  it('measure requests by the pattern of their route, never by their path', async () => {
    await api.call('GET', `/api/v1/models/${site.ids.modelId}`, { token: site.people.viewer.token })
    await api.call('GET', '/api/a-path-that-a-stranger-chose')
    const { text, headers } = await api.call('GET', '/api/metrics')
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(text).toContain(
      'quarterdeck_http_request_duration_seconds_count{method="GET",route="/api/v1/models/{modelId}",status="200"} 1',
    )
    expect(text).toContain('route="unmatched",status="404"')
    expect(text).not.toContain('a-path-that-a-stranger-chose')
    expect(text).not.toContain(site.ids.modelId)
  })
})

describe('every answer', () => {
  it('carries the request id, the given one only where it is sane', async () => {
    const idOf = async (id: string) =>
      (await api.call('GET', '/api/healthz', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
    expect(await idOf('deploy-17.a_b')).toBe('deploy-17.a_b')
    for (const bad of ['', 'a b', '<script>', 'x'.repeat(65), '-x']) expect(await idOf(bad)).toMatch(/^req_/)
  })

  it('is kept by nobody and framed by nobody', async () => {
    const { headers } = await api.call('GET', '/api/v1/models', { token: site.people.viewer.token })
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
  })

  it('to a failure of ours shows its request id and nothing of its cause', async () => {
    const broken = createApi({
      ...api.t.system,
      db: {
        selectFrom: () => {
          throw new Error('secret host db-7')
        },
      } as never,
    })
    const answer = await broken.request('http://127.0.0.1:3000/api/v1/models', {
      headers: {
        host: '127.0.0.1:3000',
        authorization: `Bearer ${site.people.viewer.token}`,
        'x-request-id': 'look-me-up',
      },
    })
    expect(answer.status).toBe(500)
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', requestId: 'look-me-up' })
    expect(text).not.toContain('db-7')
  })
})

describe('the rate limit', () => {
  it('stops an actor, not its neighbour, and says for how long', async () => {
    const limited = createApi(api.t.system, { rateLimit: { burst: 3, perSecond: 0.5 } })
    const ask = (role: 'viewer' | 'developer') =>
      limited.request('http://127.0.0.1:3000/api/v1/whoami', {
        headers: { host: '127.0.0.1:3000', authorization: `Bearer ${site.people[role].token}` },
      })
    const statuses = []
    for (let i = 0; i < 5; i++) statuses.push((await ask('viewer')).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    const refused = await ask('viewer')
    expect(refused.headers.get('retry-after')).toBe('2')
    expect(await refused.json()).toMatchObject({ code: 'rate-limited', detail: 'Slow down: try again in 2 s.' })
    expect((await ask('developer')).status).toBe(200)
    api.t.clock.advance(2_000)
    expect((await ask('viewer')).status).toBe(200)
    expect((await ask('viewer')).status).toBe(429)
  })
})

describe('the published log', () => {
  const log = (path: string) =>
    api.api.request(`http://127.0.0.1:3000/api/audit/log/${path}`, { headers: { host: '127.0.0.1:3000' } })
  const head = async () => {
    const response = await log('checkpoint')
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const vkey = await logVerifierKey(api.t.system.db)
    return openCheckpoint(await response.text(), [parseVerifierKey(vkey!)]).checkpoint
  }
  const addEntries = (count: number) =>
    housekeep(api.t.system, 'sequencer', async (tx) => {
      const ctx = systemCtx(api.t.system)
      for (let i = 0; i < count; i++)
        await appendEntry(tx, ctx, {
          action: 'audit:read',
          resource: { kind: 'workspace', id: 'x' },
          outcome: 'done',
          because: 'a test',
        })
    })

  it('serves a signed checkpoint, tiles for ever and partial tiles also after they have grown', async () => {
    await sequenceEntries(api.t.system)
    const before = await head()
    expect(before.size).toBeGreaterThan(5)
    const partial = tilePath(0, 0, before.size)
    const first = Buffer.from(await (await log(partial)).arrayBuffer())
    expect(first).toHaveLength(before.size * 32)
    await addEntries(300)
    await sequenceEntries(api.t.system)
    const after = await head()
    expect(after.size).toBe(before.size + 300)
    expect(Buffer.from(await (await log(partial)).arrayBuffer())).toEqual(first)
    const full = await log(tilePath(0, 0, 256))
    expect(full.headers.get('content-type')).toBe('application/octet-stream')
    expect(full.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(Buffer.from(await full.arrayBuffer()).subarray(0, first.length)).toEqual(first)
    const bundle = new Uint8Array(await (await log('tile/entries/000')).arrayBuffer())
    expect(decodeBundle(bundle, 256)).toHaveLength(256)
  })

  it.each([
    'tile/0/001.p/255',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/0',
    'tile/64/000',
    'tile/entries/x000/000',
    'tile/0/999',
  ])('has no %s', async (path) => {
    const response = await log(path)
    expect(response.status).toBe(404)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})
