import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import type { Answer } from './testing/api.ts'
import { someDigest, testApi, tokenOf, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
})
afterAll(() => api.close())

const get = (path: string, token = site.people.viewer.token) => api.call('GET', `/api/v1${path}`, { token })
const post = (path: string, token: string, body: unknown) => api.call('POST', `/api/v1${path}`, { token, body })
const items = (answer: Answer) => (answer.body as { items: Record<string, unknown>[] }).items

describe('members and workspaces', () => {
  it('says who the token stands for', async () => {
    const { ctx, token } = site.people.viewer
    expect((await get('/whoami', token)).body).toEqual({
      identityId: ctx.actorId,
      issuer: ctx.actor.issuer,
      subject: ctx.actor.subject,
      name: 'viewer',
      kind: 'person',
      workspaceId: site.ws.id,
    })
  })

  it('lists the workspaces of the caller alone', async () => {
    const other = await api.site()
    expect(items(await get('/workspaces')).map((w) => w['id'])).toEqual([site.ws.id])
    expect(items(await get('/workspaces', other.people.viewer.token)).map((w) => w['id'])).toEqual([other.ws.id])
  })

  it('gives a role, lists it and takes it away', async () => {
    const admin = site.people.admin.token
    const subject = 'new-person'
    const bound = await post('/members', admin, { issuer: 'https://idp.test', subject, name: 'New', role: 'viewer' })
    expect(bound.status).toBe(201)
    const { bindingId } = bound.body as { bindingId: string }
    const bindings = async () => items(await get('/members')).map((m) => m['bindingId'])
    expect(await bindings()).toContain(bindingId)
    expect((await post(`/members/${bindingId}/unbind`, admin, { reason: 'left us' })).status).toBe(200)
    expect(await bindings()).not.toContain(bindingId)
  })

  it('makes an ingest key whose secret is shown once and stored nowhere', async () => {
    const made = await post('/ingest-keys', site.people.operator.token, { kinds: ['request', 'label'] })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ secret: expect.stringMatching(/^qdi_[A-Za-z0-9_-]{43}$/) })
    const keys = await api.t.system.db.selectFrom('ingest_key').selectAll().execute()
    expect(JSON.stringify(keys)).not.toContain((made.body as { secret: string }).secret)
  })
})

describe('models', () => {
  it('registers, lists and reads models and versions', async () => {
    const dana = site.people.developer.token
    // Ids sort by the millisecond in which they were made.
    api.t.clock.advance(1)
    const made = await post('/models', dana, { name: 'delays', title: 'Delays', labels: ['ops'] })
    expect(made.status).toBe(201)
    const { id } = made.body as { id: string }
    expect(items(await get('/models')).map((m) => m['name'])).toEqual(['delays', 'flights'])
    expect(items(await get('/models?text=elay')).map((m) => m['name'])).toEqual(['delays'])
    const version = { version: '1.0.0', digest: someDigest, artifactUri: 's3://models/delays' }
    const registered = await post(`/models/${id}/versions`, dana, version)
    expect(registered.status).toBe(201)
    const { id: versionId } = registered.body as { id: string }
    expect((await get(`/versions/${versionId}`)).body).toEqual(registered.body)
    expect(items(await get(`/models/${id}/versions`))).toEqual([registered.body])
    expect((await get(`/models/${id}`)).body).toMatchObject({ id, aliases: [], serving: [] })
    expect(items(await get(`/serving?modelId=${id}&history=true`))).toEqual([])
  })

  it('walks a list by its cursor without a gap or a repetition', async () => {
    const own = await api.site()
    for (const n of [1, 2, 3, 4]) {
      api.t.clock.advance(1)
      await post('/models', own.people.developer.token, { name: `m-${n}`, title: 'M' })
    }
    const names: unknown[] = []
    let cursor = ''
    for (let page = 0; page < 10; page++) {
      const answer = await get(`/models?limit=2${cursor}`, own.people.viewer.token)
      names.push(...items(answer).map((m) => m['name']))
      const { nextCursor } = answer.body as { nextCursor: string | null }
      if (nextCursor === null) break
      cursor = `&cursor=${nextCursor}`
    }
    expect(names).toEqual(['m-4', 'm-3', 'm-2', 'm-1', 'flights'])
  })

  it('creates and lists environments', async () => {
    const made = await post('/environments', site.people.admin.token, { name: 'staging', protected: false })
    expect(made.status).toBe(201)
    expect(items(await get('/environments')).map((e) => e['name'])).toEqual(['open-ground', 'production', 'staging'])
  })
})

describe('approvals and endpoints', () => {
  it('leads from a request over two votes to a deployment', async () => {
    const own = await api.site()
    const { approvalId, endpointId, versionId } = own.ids
    const ballot = { decision: 'approve', reason: 'good', revisionDigest: own.revisionDigest }
    const second = await own.ws.as('approver', 'second')
    const deploy = () =>
      post(`/endpoints/${endpointId}/deploy`, own.people.operator.token, { versionId, reason: 'go live' })
    expect(await deploy()).toMatchObject({ status: 409, body: { approval: 'missing' } })
    expect(await post(`/approvals/${approvalId}/votes`, own.people.approver.token, ballot)).toMatchObject({
      status: 201,
      body: { state: 'open', counted: { approver: { have: 1, need: 2 } } },
    })
    api.t.clock.advance(1)
    const last = await post(`/approvals/${approvalId}/votes`, await tokenOf(second), ballot)
    expect(last.body).toMatchObject({ state: 'approved' })
    expect((await get(`/approvals/${approvalId}`, own.people.viewer.token)).body).toMatchObject({
      state: 'approved',
      votes: [{ voter: { name: 'approver' } }, { voter: { name: 'second' } }],
    })
    expect(await deploy()).toMatchObject({ status: 202, body: { state: 'deploying' } })
    expect((await get(`/endpoints/${endpointId}`, own.people.viewer.token)).body).toMatchObject({
      state: 'deploying',
      stable: { versionId },
      observed: { servers: [], traffic: null },
    })
    expect(items(await get('/endpoints', own.people.viewer.token))).toHaveLength(2)
    const revoked = await post(`/approvals/${approvalId}/revoke`, own.people.approver.token, { reason: 'a mistake' })
    expect(revoked.body).toEqual({ approvalId, state: 'revoked' })
    expect(items(await get('/approvals?state=revoked', own.people.viewer.token))).toHaveLength(1)
  })

  it('withdraws a request', async () => {
    const own = await api.site()
    const path = `/approvals/${own.ids.approvalId}/withdraw`
    expect((await post(path, own.people.developer.token, { reason: 'not yet' })).body).toMatchObject({
      state: 'withdrawn',
    })
  })
})

describe('rollouts', () => {
  it('start, hold, resume and roll back, each read back', async () => {
    const own = await api.site()
    const { rolloutId, candidateId } = own.ids
    const operator = own.people.operator.token
    const state = async () => (await get(`/rollouts/${rolloutId}`, own.people.viewer.token)).body as { state: string }
    expect(await state()).toMatchObject({ state: 'pending', to: { versionId: candidateId }, plan: null })
    const steer = (verb: string) => post(`/rollouts/${rolloutId}/${verb}`, operator, { reason: 'a test' })
    expect(await steer('hold')).toMatchObject({ status: 200, body: { state: 'held' } })
    expect(await steer('hold')).toMatchObject({ status: 409, body: { state: 'held' } })
    expect(await steer('resume')).toMatchObject({ status: 200 })
    expect(await steer('roll-back')).toMatchObject({ status: 202, body: { state: 'rolling-back' } })
    expect(await state()).toMatchObject({ state: 'rolling-back', plan: { kind: 'rollback' } })
    expect(items(await get('/rollouts?active=true', own.people.viewer.token))).toHaveLength(1)
    expect(items(await get(`/rollouts/${rolloutId}/observations`, own.people.viewer.token))).toEqual([])
  })
})

describe('drift, objectives, quality and costs', () => {
  it('reads profiles, monitors and findings, and acknowledges one', async () => {
    const { findingId, monitorId, profileId, versionId } = site.ids
    expect(items(await get(`/profiles?versionId=${versionId}`))).toMatchObject([{ id: profileId, rows: 400 }])
    expect(items(await get('/monitors'))).toMatchObject([{ id: monitorId, profileId, features: [] }])
    expect(items(await get(`/findings?monitorId=${monitorId}&state=open`))).toMatchObject([{ id: findingId }])
    const path = `/findings/${findingId}/acknowledge`
    expect((await post(path, site.people.operator.token, { reason: 'known storm' })).body).toEqual({
      id: findingId,
      state: 'acknowledged',
    })
    expect((await get(`/findings/${findingId}`)).body).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: 'operator',
      can: { acknowledge: { allowed: false } },
    })
  })

  it('shows what is not known as not known', async () => {
    const { sloId, servingEndpointId } = site.ids
    expect((await get(`/slos/${sloId}`)).body).toMatchObject({ state: 'no-data', status: null })
    const burnDown = items(await get(`/slos/${sloId}/burn-down?steps=10`))
    expect(burnDown).toHaveLength(10)
    expect(burnDown.every((point) => point['left'] === null)).toBe(true)
    expect((await get(`/endpoints/${servingEndpointId}/quality`)).body).toEqual({
      versions: [],
      pending: { predictions: 0, earlyLabels: 0 },
    })
    const range = 'from=2026-02-01T00:00:00Z&to=2026-03-01T01:00:00%2B01:00'
    expect((await get(`/costs?${range}`)).body).toMatchObject({ requests: 0, perThousandRequests: null, endpoints: [] })
  })
})

describe('incidents', () => {
  it('are opened, acknowledged, noted and resolved, and tell it in their timeline', async () => {
    const operator = site.people.operator.token
    const report = { title: 'Slow answers', severity: 'sev2', reason: 'p95 doubled' }
    const { id } = (await post('/incidents', operator, report)).body as { id: string }
    expect(await post(`/incidents/${id}/acknowledge`, operator, {})).toMatchObject({ status: 200 })
    expect(await post(`/incidents/${id}/notes`, operator, { text: 'Looking.' })).toMatchObject({ status: 201 })
    expect(await post(`/incidents/${id}/resolve`, operator, { reason: 'restarted' })).toMatchObject({ status: 200 })
    const read = (await get(`/incidents/${id}`)).body as { state: string; timeline: { text: string }[] }
    expect(read.state).toBe('resolved')
    expect(read.timeline.map((event) => event.text)).toContain('Looking.')
    expect(items(await get('/incidents?unresolved=true')).map((i) => i['id'])).not.toContain(id)
  })
})

describe('audit entries', () => {
  it('shows who did what through the API, with the request that asked for it', async () => {
    const own = await api.site()
    const made = await api.call('POST', '/api/v1/models', {
      token: own.people.developer.token,
      body: { name: 'seen', title: 'Seen' },
      headers: { 'x-request-id': 'my-request', traceparent: `00-${'4b'.repeat(16)}-${'1a'.repeat(8)}-01` },
    })
    expect(made.headers.get('x-request-id')).toBe('my-request')
    const { id } = made.body as { id: string }
    const [entry] = items(await get(`/audit/entries?resourceId=${id}`, own.people.auditor.token))
    expect(entry).toMatchObject({
      kind: 'model:register',
      outcome: 'done',
      index: null,
      content: { requestId: 'my-request', traceId: '4b'.repeat(16), actor: { name: 'developer', via: 'api' } },
    })
    await sequenceEntries(api.t.system)
    const read = await get(`/audit/entries/${String(entry?.['id'])}`, own.people.auditor.token)
    expect(read.body).toMatchObject({ index: expect.stringMatching(/^\d+$/) })
  })
})
