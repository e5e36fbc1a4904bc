import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApi, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
})
afterAll(() => api.close())

const get = (path: string, headers = {}) => api.call('GET', `/api/verify${path}`, { headers })

it('the keys are told to anybody, without a token, and no private part of them', async () => {
  const trust = await get('/trust.json')
  expect(trust).toMatchObject({ status: 200, body: { keys: expect.any(Array) as unknown[] } })
  expect(trust.text).not.toContain('PRIVATE')
  expect(trust.headers.get('cache-control')).toBe('no-store')
})

it('of a vote it is told that it is here, and nothing of what it says', async () => {
  const { digest, statement } = await api.t.system.db
    .selectFrom('attestation')
    .select(['digest', 'statement'])
    .where('id', '=', site.ids.attestationId)
    .executeTakeFirstOrThrow()
  const known = await get(`/attestations/${digest}`)
  expect(known.status).toBe(200)
  const { predicate } = JSON.parse(statement) as { predicate: { voter: { subject: string } } }
  expect(known.text).not.toContain(JSON.stringify(predicate.voter.subject))
  expect(known.text).not.toContain('payload')
})

it.each([
  ['a digest that nobody recorded', () => `/attestations/sha256:${'0'.repeat(64)}`],
  ['a digest that is none', () => '/attestations/nonsense'],
  ['an approval that is undecided', () => `/approvals/${site.ids.approvalId}`],
  ['an approval that is none', () => '/approvals/ap_nonsense'],
  ['a thing of another kind', () => `/approvals/${site.ids.versionId}`],
])('%s is not found', async (_, path) => {
  expect(await get(path())).toMatchObject({ status: 404, body: { code: 'not-found' } })
})

it('another host name is not answered (DNS rebinding)', async () => {
  expect((await get('/trust.json', { host: 'evil.example' })).status).toBe(403)
})
