import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { follow, sendOut } from '#lib/notifications/testing/told.ts'
import { someDigest, testApi, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
})
afterAll(() => api.close())

const get = (path: string, token: string) => api.call('GET', `/api/v1${path}`, { token })
const post = (path: string, token: string, body: unknown) => api.call('POST', `/api/v1${path}`, { token, body })

describe('notifications over the API', () => {
  it('shows each person their own inbox, and takes what they have read', async () => {
    const { approver, developer, viewer } = site.people
    const evaluation = { metrics: { accuracy: 0.97, auc: 0.9 } }
    const fields = { version: '9.0.0', digest: someDigest, artifactUri: 's3://nine', evaluation }
    const version = await post(`/models/${site.ids.modelId}/versions`, developer.token, fields)
    const { id: versionId } = version.body as { id: string }
    const { environmentId } = site.ids
    const request = await post('/approvals', developer.token, { versionId, environmentId, reason: 'the next one' })
    await follow(api.t)
    const inbox = await get('/inbox?unread=true', approver.token)
    const told = (inbox.body as { items: object[] }).items
    const asked = {
      kind: 'approval-waiting',
      resource: { kind: 'approval', id: (request.body as { id: string }).id },
      readAt: null,
    }
    expect(told).toContainEqual(expect.objectContaining(asked))
    expect((await get('/inbox', viewer.token)).body).toMatchObject({ items: [] })
    expect((await post('/inbox/read', viewer.token, { ids: 'all' })).body).toEqual({ changed: 0 })
    expect((await post('/inbox/read', approver.token, { ids: 'all' })).body).toEqual({ changed: told.length })
    expect((await get('/inbox?unread=true', approver.token)).body).toMatchObject({ items: [] })
  })

  it('takes a choice, and shows it', async () => {
    const { token } = site.people.viewer
    const choice = {
      inboxKinds: [],
      email: null,
      emailKinds: [],
      timing: 'hourly',
      timeZone: 'Asia/Tokyo',
      digestHour: 6,
    }
    const until = '2026-12-24T00:00:00.000Z'
    expect((await post('/notification-preference', token, { ...choice, mutedUntil: until })).status).toBe(200)
    expect((await get('/notification-preference', token)).body).toMatchObject({ timing: 'hourly', mutedUntil: until })
  })

  it('adds a channel whose secret is shown once, tries it, and shows every attempt', async () => {
    const { token } = site.people.admin
    const body = { kind: 'webhook', name: 'Pager', config: { url: 'https://pager.example/x' }, kinds: ['break-glass'] }
    const made = await post('/notification-channels', token, body)
    const { id, secret } = made.body as { id: string; secret: string }
    expect(secret).toMatch(/^whsec_/)
    expect((await get('/notification-channels', token)).text).not.toContain(secret)
    const tried = await post(`/notification-channels/${id}/test`, token, {})
    expect(tried.status).toBe(202)
    await sendOut(api.t)
    const { deliveryId } = tried.body as { deliveryId: string }
    expect((await get(`/notification-deliveries/${deliveryId}`, token)).body).toMatchObject({
      state: 'delivered',
      log: [{ attempt: 1, outcome: 'accepted' }],
    })
    expect((await get('/notification-deliveries?state=delivered', token)).body).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ id: deliveryId })]),
    })
  })
})
