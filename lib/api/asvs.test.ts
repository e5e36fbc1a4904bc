import { afterAll, beforeAll, expect, it } from 'vitest'
import pg from 'pg'
import { bindRole } from '#lib/members/bind-role.ts'
import { createServiceAccount } from '#lib/members/create-service-account.ts'
import { issueServiceToken } from '#lib/members/issue-service-token.ts'
import { apiRoutes } from './app.ts'
import { humanRoles, testApi, type Site, type TestApi } from './testing/api.ts'
import { sampleBodies } from './testing/samples.ts'

let api: TestApi
let site: Site
let other: Site
beforeAll(async () => {
  api = await testApi()
  ;[site, other] = [await api.site(), await api.site()]
})
afterAll(() => api.close())

/** Every row that belongs to a workspace, as one digest a table. */
async function rowsOf(workspaceId: string): Promise<Record<string, string>> {
  const owner = new pg.Client({ connectionString: api.t.databaseUrl })
  await owner.connect()
  try {
    const { rows: tables } = await owner.query<{ name: string }>(
      `select c.table_name as name from information_schema.columns c join information_schema.tables t
         on t.table_schema = c.table_schema and t.table_name = c.table_name and t.table_type = 'BASE TABLE'
       where c.table_schema = 'public' and c.column_name = 'workspace_id' order by 1`,
    )
    const digests: Record<string, string> = {}
    for (const { name } of tables) {
      const { rows } = await owner.query<{ digest: string }>(
        `select count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest
         from ${pg.escapeIdentifier(name)} t where workspace_id::text = $1`,
        [workspaceId],
      )
      digests[name] = rows[0]!.digest
    }
    return digests
  } finally {
    await owner.end()
  }
}

// Hundreds of requests: minutes where many tests share a machine.
it(
  'no write, by any role and with any id of another workspace, changes a row of that workspace (ASVS 8.4.1)',
  { timeout: 120_000 },
  async () => {
    const before = await rowsOf(other.ws.id)
    expect(Object.values(before).filter((digest) => !digest.startsWith('0 ')).length).toBeGreaterThan(15)
    const ids = { ...other.ids, revisionDigest: other.revisionDigest }
    for (const route of apiRoutes.filter((r) => r.method !== 'get' && r.operationId !== 'signOutEverywhere')) {
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: keyof Site['ids']) => ids[name])
      const body = sampleBodies[route.operationId]?.(ids)
      for (const role of humanRoles)
        for (const workspace of [site.ws.name, other.ws.name])
          await api.call(route.method.toUpperCase(), `/api/v1${path}`, {
            token: site.people[role].token,
            headers: { 'quarterdeck-workspace': workspace },
            ...(body ? { body } : {}),
          })
    }
    expect(await rowsOf(other.ws.id)).toEqual(before)
    // The same digests do see a change that its own people make.
    const own = { token: other.people.admin.token, body: { name: 'seen', protected: false } }
    expect((await api.call('POST', '/api/v1/environments', own)).status).toBe(201)
    expect(await rowsOf(other.ws.id)).not.toEqual(before)
  },
)

it('what a program may do is decided by its own roles, not by those of who gave it its token or of the server (ASVS 8.3.3)', async () => {
  const admin = site.people.admin
  const account = await createServiceAccount(admin.ctx, { name: 'go-between', purpose: 'asks for others' })
  const { token } = await issueServiceToken(admin.ctx, { accountId: account.id, lifetimeSeconds: 600 })
  const create = (name: string, by: string) =>
    api.call('POST', '/api/v1/environments', {
      token: by,
      body: { name, protected: false },
      headers: { 'quarterdeck-workspace': site.ws.name },
    })
  // It holds no role: this workspace is not there for it, though an admin made it and the server may write everything.
  expect((await create('by-robot', token)).status).toBe(404)
  const { issuer, subject } = account
  await bindRole(admin.ctx, { issuer, subject, name: 'go-between', kind: 'service', role: 'developer' })
  const refused = await create('by-robot', token)
  expect(refused).toMatchObject({ status: 403, body: { action: 'environment:create' } })
  expect((await create('by-admin', admin.token)).status).toBe(201)
  const model = { name: 'by-robot', title: 'By a program' }
  expect((await api.call('POST', '/api/v1/models', { token, body: model })).status).toBe(201)
  const entries = await api.t.system.db
    .selectFrom('audit_entry')
    .select(['kind', 'outcome'])
    .where('actor_id', '=', account.identityId)
    .orderBy('id')
    .execute()
  expect(entries).toEqual([
    { kind: 'environment:create', outcome: 'denied' },
    { kind: 'model:register', outcome: 'done' },
  ])
})
