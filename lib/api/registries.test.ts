import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApi, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
})
afterAll(() => api.close())

it('pages through what a registry shows by cursors of its own only, which no encoding makes longer', async () => {
  const list = (query: string) =>
    api.call('GET', `/api/v1/registries/${site.ids.registryId}/models${query}`, { token: site.people.admin.token })
  expect((await list(`?limit=1&cursor=${Buffer.from('a').toString('base64url')}`)).status).toBe(200)
  expect(await list(`?cursor=${encodeURIComponent('Ⱦ')}`)).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'cursor', message: 'must be the nextCursor of the page before' }] },
  })
})
