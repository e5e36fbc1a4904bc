import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { currentRules } from '#lib/access/current.ts'
import { apiRoutes } from './app.ts'
import type { ApiRoute } from './route.ts'
import { humanRoles, testApi, type Answer, type HumanRole, type Site, type TestApi } from './testing/api.ts'
import { sampleBodies, sampleQueries } from './testing/samples.ts'

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
  return api.call(route.method.toUpperCase(), `/api/v1${path}${sampleQueries[route.operationId]?.(ids) ?? ''}`, {
    token: site.people[role].token,
    ...body,
    headers,
  })
}
/** Query parameters that name a thing. */
const filterable = new Set(['modelId', 'versionId', 'endpointId', 'monitorId'])
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

describe('a filter', () => {
  const lists = apiRoutes.filter((route) => !route.path.includes('{'))
  const filters = lists.flatMap((route) =>
    Object.keys(route.query?.shape ?? {})
      .filter((name) => filterable.has(name))
      .map((filter) => ({ name: route.operationId, route, filter })),
  )

  it('is offered by lists', () => expect(filters.length).toBeGreaterThan(5))

  it.each(filters)('$filter of $name finds nothing by an id of another workspace', async ({ route, filter }) => {
    const id = filter === 'endpointId' ? other.ids.servingEndpointId : other.ids[filter as keyof Site['ids']]
    const path = `/api/v1${route.path}?${filter}=${id}`
    const answer = await api.call('GET', path, { token: site.people.admin.token })
    expect(answer).toMatchObject({ status: 200, body: { items: [], nextCursor: null } })
    const theirs = await api.call('GET', path, { token: other.people.admin.token })
    expect(theirs.status).toBe(200)
  })
})

/** Acts in the installation's own workspace: elsewhere there is no such thing, for anybody. */
const installationActs = ['createWorkspace', 'rotateTokenKey', 'rotateAttestationKey']

describe('in the own workspace', () => {
  it.each(every.filter((e) => e.route.action !== null && !installationActs.includes(e.name)))(
    '$name is allowed to a $role as the access rules say',
    async ({ route, role }) => {
      const action = route.action!
      const answer = await send(route, role, idsOf(site))
      const denied = answer.status === 403 && (answer.body as { action?: string }).action === action
      expect(denied).toBe(!currentRules().allows(role, action))
      expect([400, 401]).not.toContain(answer.status)
      expect(answer.status).toBeLessThan(500)
    },
  )

  it.each(humanRoles)('what is done in the installation is no act here, not for a %s either', async (role) => {
    for (const name of installationActs) {
      const route = apiRoutes.find((r) => r.operationId === name)!
      expect((await send(route, role, idsOf(site))).status).toBe(404)
    }
  })
})
