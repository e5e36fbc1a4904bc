import { expect } from 'vitest'
import type { Role } from '#lib/access/actions.ts'
import { selectHeldRoles } from '#lib/access/effective-roles.ts'
import { loadApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { requestApproval } from '#lib/approvals/request-approval.ts'
import { loadPrices } from '#lib/costs/load-prices.ts'
import { loadDriftPolicies } from '#lib/drift/reads-policies.ts'
import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { issueToken } from '#lib/members/issue-token.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { builtinRegistry } from '#lib/models/builtin-registry.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { createChannel } from '#lib/notifications/create-channel.ts'
import { testChannel } from '#lib/notifications/test-channel.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { loadRolloutPolicies } from '#lib/rollouts/load-policies.ts'
import { loadSloPolicies } from '#lib/slos/load-policies.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../../tests/support/system.ts'
import { apiRoutes, createApi } from '../app.ts'
import { apiPrefix, type Api } from '../scope.ts'
import { answerChecker } from './conformance.ts'
import { makeThings, type Things } from './things.ts'

export const host = '127.0.0.1:3000'
export const humanRoles = ['viewer', 'developer', 'approver', 'validator', 'operator', 'auditor', 'admin'] as const
export type HumanRole = Exclude<Role, 'worker'>

export type Answer = { status: number; headers: Headers; text: string; body: unknown }
export type CallOptions = { token?: string; body?: unknown; raw?: BodyInit; headers?: Record<string, string> }
export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>

/** A workspace with one person a role, their tokens, and one thing of each kind. */
export type Site = {
  ws: TestWorkspace
  people: Record<HumanRole, { ctx: Ctx; token: string }>
  ids: Record<
    | 'modelId'
    | 'versionId'
    | 'environmentId'
    | 'endpointId'
    | 'approvalId'
    | 'bindingId'
    | 'keyId'
    | 'tokenId'
    | 'entryId'
    | 'channelId'
    | 'deliveryId',
    string
  > &
    Things
  revisionDigest: string
}

export type TestApi = { t: TestSystem; api: Api; call: Call; site: () => Promise<Site>; close: () => Promise<void> }

export const someDigest = `sha256:${'a'.repeat(64)}`

/** The API on a real system. Every answer is checked against the OpenAPI document as it passes. */
export async function testApi(options: Parameters<typeof createApi>[1] = {}): Promise<TestApi> {
  await Promise.all([
    loadApprovalPolicies(),
    loadRolloutPolicies(),
    loadSloPolicies(),
    loadPrices(),
    loadDriftPolicies(),
  ])
  const t = await testSystem({ ports: (system) => ({ registry: (id) => builtinRegistry(system, id) }) })
  const api = createApi(t.system, { rateLimit: { burst: 1_000_000, perSecond: 1 }, ...options })
  const check = answerChecker()
  const patterns = apiRoutes.map((r) => ({
    method: r.method,
    path: r.path,
    test: new RegExp(`^${apiPrefix}${r.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  const call: Call = async (method, path, { token, body, raw, headers = {} } = {}) => {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await api.request(`http://${host}${path}`, {
      method,
      headers: {
        host,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      // A stream is sent without a length.
      ...(sent === undefined ? {} : { body: sent, duplex: 'half' }),
    })
    const text = await response.text()
    const parsed: unknown =
      /json/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : text
    const [pathname = ''] = path.split('?')
    const route = patterns.find((r) => r.method === method.toLowerCase() && r.test.test(pathname))
    if (route) expect(check(method, route.path, response.status, parsed), `${method} ${path}: ${text}`).toEqual([])
    return { status: response.status, headers: response.headers, text, body: parsed }
  }
  const close = async () => {
    // Hints wait for the clock before they are sent.
    t.clock.advance(1_000)
    await t.close()
  }
  return { t, api, call, site: () => makeSite(t), close }
}

async function makeSite(t: TestSystem): Promise<Site> {
  const ws = await t.workspace()
  const people = {} as Site['people']
  for (const role of humanRoles) {
    const ctx = await ws.as(role)
    people[role] = { ctx, token: await tokenOf(ctx) }
  }
  const environment = await createEnvironment(people.admin.ctx, { name: 'production' })
  const model = await registerModel(people.developer.ctx, { name: 'flights', title: 'Flights' })
  const version = await registerVersion(people.developer.ctx, {
    modelId: model.id,
    version: '1.0.0',
    digest: someDigest,
    artifactUri: 'file:///models/flights',
    evaluation: { metrics: { accuracy: 0.97, auc: 0.9, logLoss: 0.2, calibrationError: 0.01 } },
  })
  const endpoint = await createEndpoint(people.operator.ctx, {
    modelId: model.id,
    environmentId: environment.id,
    name: 'flights',
    template: { command: ['node', 'server.js'] },
    rolloutPolicy: 'canary',
  })
  const bound = await bindRole(systemCtx(t.system, ws.id), {
    issuer: 'https://idp.test',
    subject: `${ws.name}-extra`,
    name: 'Extra',
    role: 'viewer',
  })
  const key = await createIngestKey(people.operator.ctx, { kinds: ['label'] })
  // A token that nobody here sends: a test may revoke it.
  const spare = await issueToken(people.developer.ctx, {})
  const things = await makeThings(t, people, {
    modelId: model.id,
    versionId: version.id,
    environmentId: environment.id,
  })
  // Now that the profile is there: it is evidence, which a revision binds.
  const approval = await requestApproval(people.developer.ctx, {
    versionId: version.id,
    environmentId: environment.id,
    reason: 'The first version.',
  })
  const channel = await createChannel(people.admin.ctx, {
    kind: 'webhook',
    name: 'Team',
    config: { url: 'https://hooks.example/in' },
    kinds: ['approval-decided'],
  })
  const { deliveryId } = await testChannel(people.admin.ctx, { channelId: channel.id })
  const entry = await t.system.db
    .selectFrom('audit_entry')
    .select('id')
    .where('workspace_id', '=', ws.id)
    .orderBy('id')
    .executeTakeFirstOrThrow()
  return {
    ws,
    people,
    ids: {
      modelId: model.id,
      versionId: version.id,
      environmentId: environment.id,
      endpointId: endpoint.id,
      approvalId: approval.id,
      bindingId: bound.bindingId,
      keyId: key.id,
      tokenId: spare.id,
      entryId: entry.id,
      channelId: channel.id,
      deliveryId,
      ...things,
    },
    revisionDigest: approval.revisionDigest,
  }
}

/** A bearer token of that person. A viewer may not issue one, so they are a developer for a moment. */
export async function tokenOf(ctx: Ctx, lifetimeSeconds = 86_400): Promise<string> {
  const admin = systemCtx(ctx, ctx.workspaceId)
  const { issuer, subject, name } = ctx.actor
  const of = { workspaceId: ctx.workspaceId, identityIds: [ctx.actorId], now: ctx.clock.now(), lock: false }
  const { roles } = await selectHeldRoles(ctx.db, of)
  if (roles.some((b) => b.role !== 'viewer')) return (await issueToken(ctx, { lifetimeSeconds })).token
  const lent = await bindRole(admin, { issuer, subject, name, role: 'developer' })
  const { token } = await issueToken(ctx, { lifetimeSeconds })
  await unbindRole(admin, { bindingId: lent.bindingId, reason: 'it was lent' })
  return token
}
