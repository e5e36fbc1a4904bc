import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { currentRules } from '#lib/access/current.ts'
import { apiRoutes } from './app.ts'
import type { ApiRoute } from './route.ts'
import { humanRoles, testApi, type Answer, type HumanRole, type Site, type TestApi } from './testing/api.ts'
import { sampleBodies } from './testing/samples.ts'

let api: TestApi
let site: Site
let other: Site
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
  other = await api.site()
})
afterAll(() => api.close())

type Ids = Site['ids'] & { revisionDigest: string }
const idsOf = (of: Site): Ids => ({ ...of.ids, revisionDigest: of.revisionDigest })
/** Ids of the right form that nothing has. */
const nobody = (of: Ids): Ids =>
  Object.fromEntries(
    Object.entries(of).map(([name, id]) => [name, id.replace(/_.*/, '_01jqfx5n9re9wv3k7c2m8d4t6h')]),
  ) as Ids

const send = (route: ApiRoute, role: HumanRole, ids: Ids, headers: Record<string, string> = {}) => {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: keyof Ids) => ids[name])
  const body = route.body ? { body: sampleBodies[route.operationId]!(ids) } : {}
  return api.call(route.method.toUpperCase(), `/api/v1${path}`, { token: site.people[role].token, ...body, headers })
}
const shown = ({ status, body }: Answer) => ({ status, ...(body as object), requestId: undefined })

const every = apiRoutes.flatMap((route) => humanRoles.map((role) => ({ name: route.operationId, role, route })))
const takesIds = (route: ApiRoute) =>
  route.path.includes('{') ||
  /"(?!revision)\w+":"\w{2}_/.test(JSON.stringify(sampleBodies[route.operationId]?.(idsOf(other)) ?? {}))

it('has a sample body of every operation that takes one', () => {
  expect(apiRoutes.filter((r) => r.body && !sampleBodies[r.operationId]).map((r) => r.operationId)).toEqual([])
})

describe('of another workspace', () => {
  it.each(every)('$name tells a $role nothing when that workspace is named', async ({ route, role }) => {
    const answer = await send(route, role, idsOf(other), { 'quarterdeck-workspace': other.ws.name })
    expect(answer.body).toMatchObject({
      status: 404,
      detail: `You have no role in a workspace named ${other.ws.name}.`,
    })
  })

  it.each(every.filter((e) => e.route.path.includes('{') || e.route.body))(
    '$name by a $role answers its ids as it answers ids that nothing has',
    async ({ route, role }) => {
      if (!takesIds(route)) return
      const ids = idsOf(other)
      const theirs = await send(route, role, ids)
      expect([403, 404]).toContain(theirs.status)
      expect(shown(theirs)).toEqual(shown(await send(route, role, nobody(ids))))
      for (const secret of [other.ws.id, other.ws.name, ...Object.values(ids)])
        expect(theirs.text).not.toContain(secret)
    },
  )
})

describe('in the own workspace', () => {
  it.each(every.filter((e) => e.route.action !== null && e.name !== 'createWorkspace'))(
    '$name is allowed to a $role as the access rules say',
    async ({ route, role }) => {
      const action = route.action!
      const answer = await send(route, role, idsOf(site))
      const denied = answer.status === 403 && (answer.body as { action?: string }).action === action
      expect(denied).toBe(!currentRules().allows(role, action))
      expect(answer.status).not.toBe(401)
      expect(answer.status).toBeLessThan(500)
    },
  )

  it.each(humanRoles)('creating a workspace is no act here, not for a %s either', async (role) => {
    const route = apiRoutes.find((r) => r.operationId === 'createWorkspace')!
    expect((await send(route, role, idsOf(site))).status).toBe(404)
  })
})
