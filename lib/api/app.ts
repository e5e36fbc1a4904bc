import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { checkHost, checkSite } from '#lib/platform/request-origin.ts'
import { invalidField, jsonAnswer, problemAnswer } from './answer.ts'
import { accessRoutes } from './access.ts'
import { approvalRoutes } from './approvals.ts'
import { attestationRoutes } from './attestations.ts'
import { auditRoutes } from './audit.ts'
import { addAuditLog } from './audit-log.ts'
import { authenticate, contextOf } from './authenticate.ts'
import { bodyBytesDefault, readJsonBody } from './body.ts'
import { addDocument } from './add-document.ts'
import { breakGlassRoutes } from './break-glass.ts'
import { cardRoutes } from './cards.ts'
import { costRoutes } from './costs.ts'
import { driftRoutes } from './drift.ts'
import { endpointRoutes } from './endpoints.ts'
import { evidenceRoutes } from './evidence.ts'
import { keyedRequest, runOnce } from './idempotency.ts'
import { addForgeHook } from './forge-hook.ts'
import { forgeRoutes } from './forges.ts'
import { incidentRoutes } from './incidents.ts'
import { memberRoutes } from './members.ts'
import { modelRoutes } from './models.ts'
import { notificationRoutes } from './notifications.ts'
import { observe } from './observe.ts'
import { addProbes } from './probes.ts'
import { addPublicProofs } from './public-proofs.ts'
import { qualityRoutes } from './quality.ts'
import { defaultRateLimit, rateLimiter, type RateLimit } from './rate-limit.ts'
import { rolloutRoutes } from './rollouts.ts'
import { registryRoutes } from './registries.ts'
import { addRegistryHook } from './registry-hook.ts'
import type { ApiRoute } from './route.ts'
import { apiPrefix, type Api, type ApiEnv } from './scope.ts'
import { serviceAccountRoutes } from './service-accounts.ts'
import { sloRoutes } from './slos.ts'
import { addWellKnown } from './well-known.ts'

/** Every operation of the API, in the order of its document. */
export const apiRoutes: readonly ApiRoute[] = [
  ...memberRoutes,
  ...accessRoutes,
  ...serviceAccountRoutes,
  ...modelRoutes,
  ...registryRoutes,
  ...forgeRoutes,
  ...cardRoutes,
  ...evidenceRoutes,
  ...approvalRoutes,
  ...breakGlassRoutes,
  ...notificationRoutes,
  ...endpointRoutes,
  ...rolloutRoutes,
  ...driftRoutes,
  ...qualityRoutes,
  ...sloRoutes,
  ...costRoutes,
  ...incidentRoutes,
  ...attestationRoutes,
  ...auditRoutes,
]

/**
 * The HTTP API of a running system as one Hono app: everything below /api. It holds no rules of its own: each route
 * parses, calls a verb or a read, and answers with its value or with problem details (RFC 9457).
 */
export function createApi(system: System, options: { rateLimit?: RateLimit } = {}): Api {
  const app: Api = new OpenAPIHono<ApiEnv>()
  const admit = rateLimiter(system.clock, options.rateLimit ?? defaultRateLimit)
  app.use('*', observe(system))
  app.onError((error, c) => {
    if (!isProblem(error) || error.code === 'internal')
      system.log.error({ err: error, requestId: c.get('requestId') }, 'a request failed')
    return problemAnswer(error, c.get('requestId'))
  })
  addProbes(app, system)
  addAuditLog(app, system)
  addWellKnown(app, system)
  addPublicProofs(app, system, admit)
  addRegistryHook(app, system, admit)
  addForgeHook(app, system, admit)
  addDocument(app, system, apiRoutes)
  for (const route of apiRoutes) {
    const path = `${apiPrefix}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`
    app.on(route.method.toUpperCase(), path, (c) => {
      c.set('route', `${apiPrefix}${route.path}`)
      return answerRoute(system, admit, route, c)
    })
  }
  const known = [...new Set(app.routes.filter((r) => r.path !== '/*').map((r) => r.path))]
  app.notFound((c) => answerUnknown(app, known, c))
  return app
}

async function answerRoute(
  system: System,
  admit: (actorId: string) => void,
  route: ApiRoute,
  c: Context<ApiEnv>,
): Promise<Response> {
  checkHost(system.config, c.req.header('host'))
  checkSite(system.config, { site: c.req.header('sec-fetch-site'), origin: c.req.header('origin') })
  const caller = await authenticate(system, c.req.header('authorization'))
  c.set('actorId', caller.actorId)
  admit(caller.actorId)
  const ctx = await contextOf(system, caller, {
    requestId: c.get('requestId'),
    traceId: c.get('traceId'),
    workspace: c.req.header('quarterdeck-workspace'),
  })
  c.set('workspaceId', ctx.workspaceId)
  const writes = route.method !== 'get'
  const body = writes ? await readJsonBody(c.req.raw, route.bodyBytesMax ?? bodyBytesDefault) : undefined
  if (body !== undefined && !route.body) throw invalidField('body', 'must be empty')
  const act = route.prepare({ params: c.req.param(), query: singleValues(c.req.queries()), body })
  const present = route.present ?? ((value: unknown) => value)
  const key = c.req.header('idempotency-key')
  const request = writes
    ? keyedRequest({ key, method: route.method, path: c.req.path, workspaceId: ctx.workspaceId, body })
    : undefined
  if (!request) return jsonAnswer(present(await act(ctx)), route.status)
  if (route.replayable === false)
    throw invalidField('idempotency-key', 'is refused here: the answer holds a secret that is not kept')
  const { value, replayed } = await runOnce(ctx, request, act)
  return jsonAnswer(present(value), route.status, replayed ? { 'idempotency-replayed': 'true' } : {})
}

function singleValues(queries: Record<string, string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, values]) => {
      const [value = '', ...more] = values
      if (more.length > 0) throw invalidField(name.slice(0, 60), 'must be given once')
      return [name, value]
    }),
  )
}

/** A path that exists but does not answer the method says which it answers (RFC 9110 §15.5.6). */
function answerUnknown(app: Api, known: readonly string[], c: Context<ApiEnv>): Response {
  const here = known.filter((path) => matches(path, c.req.path))
  const methods = new Set(app.routes.filter((r) => here.includes(r.path)).map((r) => r.method))
  if (methods.size === 0)
    return problemAnswer(
      problem('not-found', 'There is no such path in this API: see /api/v1/docs.'),
      c.get('requestId'),
    )
  if (methods.has('GET')) methods.add('HEAD')
  const allow = [...methods].sort().join(', ')
  c.set('route', here[0] ?? 'unmatched')
  const answer = problem('method-not-allowed', `This path answers ${allow}.`, { allow: [...methods].sort() })
  return problemAnswer(answer, c.get('requestId'), { allow })
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.+' : part))
  return new RegExp(`^${parts.join('/').replaceAll('.json', '\\.json')}$`).test(path)
}
