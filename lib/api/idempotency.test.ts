import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forgetIdempotencyKeys } from '#lib/platform/idempotency.ts'
import { testApi, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
})
afterAll(() => api.close())

type Sent = { key?: string; token?: string; path?: string }
const register = (name: string, { key, token = site.people.developer.token, path = '/api/v1/models' }: Sent = {}) =>
  api.call('POST', path, { token, body: { name, title: 'M' }, ...(key ? { headers: { 'idempotency-key': key } } : {}) })
const entries = async (name: string) => {
  const rows = await api.t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select('d.content')
    .where('e.kind', '=', 'model:register')
    .execute()
  return rows.filter((r) => r.content?.includes(`"name":"${name}"`)).length
}

describe('an idempotency key', () => {
  it('gives the stored answer again, also long after and with the properties in another order', async () => {
    const first = await register('once', { key: 'k-once' })
    expect(first.status).toBe(201)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    api.t.clock.advance(3_600_000)
    const again = await api.call('POST', '/api/v1/models', {
      token: site.people.developer.token,
      raw: ' {"title":"M",  "name":"once"}',
      headers: { 'idempotency-key': 'k-once' },
    })
    expect(again).toMatchObject({ status: 201, body: first.body })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await entries('once')).toBe(1)
  })

  it('does the write once for twenty twins, and answers all of them alike', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => register('twins', { key: 'k-twins' })))
    expect(answers.map((a) => a.status)).toEqual(Array(20).fill(201))
    expect(new Set(answers.map((a) => (a.body as { id: string }).id)).size).toBe(1)
    expect(answers.filter((a) => a.headers.get('idempotency-replayed') === null)).toHaveLength(1)
    for (const answer of answers) expect(answer.body).toEqual(answers[0]!.body)
    expect(await entries('twins')).toBe(1)
  })

  it('does a vote once for twenty twins, where each one locks the same row', async () => {
    const { approvalId } = site.ids
    const body = { decision: 'approve', reason: 'good', revisionDigest: site.revisionDigest }
    const vote = () =>
      api.call('POST', `/api/v1/approvals/${approvalId}/votes`, {
        token: site.people.approver.token,
        body,
        headers: { 'idempotency-key': 'k-vote' },
      })
    const answers = await Promise.all(Array.from({ length: 20 }, vote))
    expect(answers.map((a) => a.status)).toEqual(Array(20).fill(201))
    expect(new Set(answers.map((a) => (a.body as { voteId: string }).voteId)).size).toBe(1)
  })

  it('answers a retry after a crash between commit and answer', async () => {
    const first = await register('crash', { key: 'k-crash' })
    // What a client sees of a crash: the write is there, its answer never came. All that is left is the row.
    const rows = await api.t.system.db.selectFrom('idempotency_key').selectAll().where('key', '=', 'k-crash').execute()
    expect(rows).toMatchObject([{ response: first.body, workspace_id: site.ws.id }])
    const retry = await register('crash', { key: 'k-crash' })
    expect(retry).toMatchObject({ status: 201, body: first.body })
    expect(await register('crash')).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })

  it.each<[string, () => ReturnType<typeof register>]>([
    ['another body', () => register('mismatch-2', { key: 'k-mismatch' })],
    ['another path', () => register('mismatch', { key: 'k-mismatch', path: '/api/v1/environments' })],
  ])('is refused for %s', async (_, send) => {
    await register('mismatch', { key: 'k-mismatch' })
    const answer = await send()
    // The environments' schema refuses that body before the key is looked at; nothing is done in either case.
    expect([400, 422]).toContain(answer.status)
    if (answer.status === 422) expect(answer.body).toMatchObject({ code: 'idempotency-mismatch' })
    expect(await entries('mismatch')).toBe(1)
    expect(await entries('mismatch-2')).toBe(0)
  })

  it('of two different requests at once lets one through', async () => {
    const names = ['race-a', 'race-b']
    const answers = await Promise.all(names.map((name) => register(name, { key: 'k-race' })))
    expect(answers.map((a) => a.status).sort((a, b) => a - b)).toEqual([201, 422])
    expect((await entries('race-a')) + (await entries('race-b'))).toBe(1)
  })

  it('belongs to its caller and workspace', async () => {
    const other = await api.site()
    const first = await register('mine', { key: 'k-mine' })
    const second = await register('mine', { key: 'k-mine', token: other.people.developer.token })
    expect(second.status).toBe(201)
    expect((second.body as { id: string }).id).not.toBe((first.body as { id: string }).id)
  })

  it('keeps no failure: a retry that may succeed is tried', async () => {
    const reading = await register('retried', { key: 'k-retried', token: site.people.viewer.token })
    expect(reading.status).toBe(403)
    expect((await register('flights', { key: 'k-taken' })).status).toBe(409)
    expect((await register('free-now', { key: 'k-taken' })).status).toBe(201)
  })

  it('is forgotten after a day', async () => {
    await register('forgotten', { key: 'k-forgotten' })
    api.t.clock.advance(23 * 3_600_000)
    await register('remembered', { key: 'k-remembered' })
    const keys = async () =>
      (await api.t.system.db.selectFrom('idempotency_key').select('key').execute()).map((r) => r.key)
    await forgetIdempotencyKeys(api.t.system)
    expect(await keys()).toContain('k-forgotten')
    api.t.clock.advance(3_600_001)
    expect(await forgetIdempotencyKeys(api.t.system, 1)).toBe(1)
    expect(await forgetIdempotencyKeys(api.t.system)).toBeGreaterThan(0)
    expect(await keys()).toEqual(['k-remembered'])
  })
})
