import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeCard } from '#lib/models/testing/card.ts'
import { testApi, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
})
afterAll(() => api.close())

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`

describe('model cards over the API', () => {
  it('imports a card, gives back its bytes, lists its revisions and tells what changed', async () => {
    const { versionId } = site.ids
    const path = `/api/v1/versions/${versionId}`
    const { token } = site.people.developer
    const text = `${completeCard}שלום\r\n`
    const body = { text, expectedDigest: digestOf(''), reason: 'imported from the training run' }
    const made = await api.call('POST', `${path}/cards`, { token, body })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ revision: 1, digest: digestOf(text) })
    const viewer = site.people.viewer.token
    const read = await api.call('GET', `${path}/card`, { token: viewer })
    expect(read.body).toMatchObject({ text, complete: true, missing: [], frontMatter: { license: 'apache-2.0' } })
    const first = await api.call('GET', `${path}/card?revision=0`, { token: viewer })
    expect(first.body).toMatchObject({ text: '', complete: false, revision: 0 })
    const list = await api.call('GET', `${path}/cards`, { token: viewer })
    expect(list.body).toMatchObject({ items: [{ revision: 1 }, { revision: 0 }], nextCursor: null })
    const diff = await api.call('GET', `${path}/card-diff?beforeRevision=0`, { token: viewer })
    expect(diff.body).toMatchObject({ before: { revision: 0 }, after: { revision: 1 } })
    const stale = await api.call('POST', `${path}/cards`, { token, body: { ...body, text: '# Other' } })
    expect(stale).toMatchObject({ status: 409, body: { code: 'stale-revision', revision: 1, digest: digestOf(text) } })
  })
})
