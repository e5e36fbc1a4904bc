import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectRegistry } from '#lib/registries/connect-registry.ts'
import { createApi } from './app.ts'
import type { Api } from './scope.ts'
import { host, testApi, type TestApi } from './testing/api.ts'
import { answerChecker } from './testing/conformance.ts'

const pattern = '/hooks/registries/{registryId}'
const check = answerChecker()

let api: TestApi
let registry: { id: string; hookSecret: string }
let other: { id: string; hookSecret: string }
beforeAll(async () => {
  api = await testApi()
  const { people } = await api.site()
  const connect = (name: string) => connectRegistry(people.admin.ctx, { name, url: 'http://127.0.0.1:9' })
  registry = await connect('first')
  other = await connect('second')
})
afterAll(() => api.close())

async function deliver(to: { id: string; hookSecret: string }, through: Api = api.api, body = '{"entity":"x"}') {
  const timestamp = String(Math.floor(api.t.clock.now().getTime() / 1000))
  const signature = createHmac('sha256', to.hookSecret).update(`d1.${timestamp}.${body}`).digest('base64')
  const response = await through.request(`http://${host}/api/v1/hooks/registries/${to.id}`, {
    method: 'POST',
    body,
    headers: {
      host,
      'content-type': 'application/json',
      'x-mlflow-delivery-id': 'd1',
      'x-mlflow-timestamp': timestamp,
      'x-mlflow-signature': `v1,${signature}`,
    },
  })
  const answer: unknown = await response.json()
  expect(check('POST', pattern, response.status, answer)).toEqual([])
  return { status: response.status, retryAfter: response.headers.get('retry-after') }
}

describe('a webhook of a registry', () => {
  it('is taken when the connection signed it, and answered as the document says', async () => {
    expect((await deliver(registry)).status).toBe(202)
  })

  it('is refused under another secret, for no connection and for no id, as the document says', async () => {
    expect((await deliver({ ...registry, hookSecret: other.hookSecret })).status).toBe(401)
    expect((await deliver({ ...registry, id: registry.id.replace(/.$/, '0') })).status).toBe(401)
    expect((await deliver({ ...registry, id: 'x' })).status).toBe(404)
    expect((await deliver(registry, api.api, 'x'.repeat(262_145))).status).toBe(413)
  })

  it('has the rate limit of its registry, not that of another one', async () => {
    const limited = createApi(api.t.system, { rateLimit: { burst: 2, perSecond: 0.5 } })
    const statuses = []
    for (let i = 0; i < 3; i += 1) statuses.push((await deliver(registry, limited)).status)
    expect(statuses).toEqual([202, 202, 429])
    // Neither a signature nor its absence is looked at above the limit.
    const unsigned = await deliver({ ...registry, hookSecret: 'wrong' }, limited)
    expect(unsigned).toEqual({ status: 429, retryAfter: '2' })
    expect((await deliver(other, limited)).status).toBe(202)
    api.t.clock.advance(2_000)
    expect((await deliver(registry, limited)).status).toBe(202)
  })
})
