import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApi, type TestApi } from './testing/api.ts'
import { bodyCases } from './testing/bad-bodies.ts'
import { fieldCases } from './testing/bad-fields.ts'
import { placeCases } from './testing/bad-places.ts'
import { stateCases } from './testing/bad-states.ts'
import type { Given } from './testing/bad-request.ts'

const cases = [...bodyCases, ...fieldCases, ...placeCases, ...stateCases]

let given: Given
let api: TestApi
beforeAll(async () => {
  api = await testApi()
  const [site, other] = [await api.site(), await api.site()]
  const { developer, admin, operator } = site.people
  given = { api, site, other, token: developer.token, admin: admin.token, operator: operator.token }
})
afterAll(() => api.close())

const count = async () => {
  const rows = await api.t.system.db
    .selectFrom('audit_entry')
    .select((e) => e.fn.countAll<bigint>().as('n'))
    .where('outcome', '=', 'done')
    .executeTakeFirstOrThrow()
  return rows.n
}

it('has sixty wrong requests or more, each under a name of its own', () => {
  expect(cases.length).toBeGreaterThanOrEqual(60)
  expect(new Set(cases.map((c) => c.name)).size).toBe(cases.length)
})

it.each(cases)('$name', async ({ send, status, code, detail, errors, headers = {} }) => {
  const before = await count()
  const { method, path, ...options } = send(given)
  const answer = await api.call(method, path, options)
  const problem = answer.body as Record<string, unknown>
  expect({
    status: answer.status,
    code: problem['code'],
    detail: problem['detail'],
    errors: problem['errors'],
  }).toEqual({
    status,
    code,
    detail: detail instanceof RegExp ? expect.stringMatching(detail) : detail,
    errors,
  })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(problem).toMatchObject({
    type: `https://quarterdeck.dev/problems/${code}`,
    status,
    requestId: answer.headers.get('x-request-id'),
  })
  for (const [name, value] of Object.entries(headers))
    expect(answer.headers.get(name)).toEqual(value instanceof RegExp ? expect.stringMatching(value) : value)
  expect(await count(), 'nothing was done').toBe(before)
})
