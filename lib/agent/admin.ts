import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import type { EndpointView, ServerAnswer, TrafficAnswer } from './endpoint.ts'
import type { Endpoints } from './endpoints.ts'
import { holdsToken } from './guard.ts'
import type { Log } from '#lib/platform/log.ts'
import { isLoopbackHost } from '#lib/platform/request-origin.ts'
import type { AgentMetrics } from './metrics.ts'
import type { Watch } from './watch.ts'
import type { TapCounts } from './tap.ts'
import { identifier, removeQuery, serverBody, trafficBody } from './wire.ts'

export type AdminOptions = {
  agentId: string
  token: string
  log: Log
  endpoints: Endpoints
  watch: Watch
  metrics: AgentMetrics
  tap(): TapCounts
  isReady(): boolean
}

const bodyBytesMax = 1024 * 1024
const conflicts = new Set(['conflict', 'stale-fence'])

/** The admin API of the agent as a Hono app. Answers are JSON; `kind` says what happened. */
export function createAdmin(o: AdminOptions): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    o.log.error({ err: error, path: c.req.path }, 'an admin request failed')
    return refuse(c, 500, 'internal', 'The failure was logged.')
  })
  app.notFound((c) => refuse(c, 404, 'not-found', `Nothing answers ${c.req.method} ${c.req.path}`))
  app.use('*', async (c, next) => {
    if (isLoopbackHost(c.req.header('host'))) return next()
    return refuse(c, 403, 'host', 'Ask by 127.0.0.1 or localhost: this API is for this machine')
  })
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', (c) => (o.isReady() ? c.text('ready') : c.text('not ready', 503)))
  app.get('/metrics', async (c) => {
    const text = await o.metrics.registry.metrics()
    return c.body(text, 200, { 'content-type': o.metrics.registry.contentType })
  })
  app.use('/v1/*', async (c, next) => {
    if (holdsToken(c.req.header('authorization'), o.token)) return next()
    return refuse(c, 401, 'unauthenticated', 'Send the agent token as Authorization: Bearer')
  })
  app.use('/v1/*', bodyLimit({ maxSize: bodyBytesMax, onError: (c) => refuse(c, 413, 'too-large', 'At most 1 MiB') }))
  app.get('/v1/state', (c) => c.json({ agent: o.agentId, tap: o.tap(), endpoints: o.endpoints.views() }))
  app.get('/v1/watch', (c) => {
    const stream = o.watch.stream()
    if (!stream) return refuse(c, 503, 'busy', 'As many watch already as may')
    return c.body(stream, 200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  })
  routeEndpoints(app, o)
  return app
}

function routeEndpoints(app: Hono, o: AdminOptions): void {
  app.get('/v1/endpoints/:endpointId', (c) => {
    const view = viewOf(o, c.req.param('endpointId'))
    return view ? c.json(view) : refuse(c, 404, 'absent', 'There is no such endpoint here')
  })
  app.put('/v1/endpoints/:endpointId/traffic', async (c) => {
    const ids = identifier.safeParse(c.req.param('endpointId'))
    const body = await readJson(c, trafficBody)
    if (!ids.success) return invalid(c, ids.error)
    if ('problem' in body) return body.problem
    const endpoint = o.endpoints.open(ids.data)
    if (!endpoint) return answer(c, { kind: 'refused', because: 'this agent holds as many endpoints as it may' })
    const result = await endpoint.writeTraffic(body.value)
    return answer(c, shown(result, endpoint.view()))
  })
  app.delete('/v1/endpoints/:endpointId/traffic', async (c) => {
    const ids = identifier.safeParse(c.req.param('endpointId'))
    const query = removeQuery.safeParse(c.req.query())
    if (!ids.success) return invalid(c, ids.error)
    if (!query.success) return invalid(c, query.error)
    const endpoint = o.endpoints.open(ids.data)
    if (!endpoint) return answer(c, { kind: 'refused', because: 'this agent holds as many endpoints as it may' })
    return answer(c, await endpoint.removeTraffic(query.data.fence))
  })
  app.put('/v1/endpoints/:endpointId/servers/:versionId', async (c) => {
    const ids = identifiers(c)
    const body = await readJson(c, serverBody)
    if ('problem' in ids) return ids.problem
    if ('problem' in body) return body.problem
    const endpoint = o.endpoints.open(ids.endpointId)
    if (!endpoint) return answer(c, { kind: 'refused', because: 'this agent holds as many endpoints as it may' })
    return answer(c, await endpoint.putServer(ids.versionId, body.value))
  })
  app.delete('/v1/endpoints/:endpointId/servers/:versionId', async (c) => {
    const ids = identifiers(c)
    const query = removeQuery.safeParse(c.req.query())
    if ('problem' in ids) return ids.problem
    if (!query.success) return invalid(c, query.error)
    const endpoint = o.endpoints.open(ids.endpointId)
    if (!endpoint) return answer(c, { kind: 'refused', because: 'this agent holds as many endpoints as it may' })
    return answer(c, await endpoint.removeServer(ids.versionId, query.data.fence))
  })
}

function viewOf(o: AdminOptions, endpointId: string): EndpointView | null {
  const view = o.endpoints.get(endpointId)?.view()
  return view && (view.traffic !== null || view.servers.length > 0) ? view : null
}

type Answer = ServerAnswer | Exclude<TrafficAnswer, { kind: 'applied' | 'conflict' }> | ShownTraffic
type ShownTraffic =
  | { kind: 'applied'; generation: number; resourceVersion: string }
  | { kind: 'conflict'; observed: EndpointView }

function shown(result: TrafficAnswer, observed: EndpointView): Answer {
  if (result.kind === 'conflict') return { kind: 'conflict', observed }
  if (result.kind !== 'applied') return result
  const { generation, resourceVersion } = result.current
  return { kind: 'applied', generation, resourceVersion }
}

function answer(c: Context, result: Answer): Response {
  if (result.kind === 'refused') return c.json(result, 422)
  return c.json(result, conflicts.has(result.kind) ? 409 : 200)
}

function identifiers(c: Context): { endpointId: string; versionId: string } | { problem: Response } {
  const endpointId = identifier.safeParse(c.req.param('endpointId'))
  const versionId = identifier.safeParse(c.req.param('versionId'))
  if (!endpointId.success) return { problem: invalid(c, endpointId.error) }
  if (!versionId.success) return { problem: invalid(c, versionId.error) }
  return { endpointId: endpointId.data, versionId: versionId.data }
}

async function readJson<S extends z.ZodType>(
  c: Context,
  schema: S,
): Promise<{ value: z.infer<S> } | { problem: Response }> {
  let json: unknown
  try {
    json = JSON.parse(await c.req.text())
  } catch {
    // The text is not JSON: the answer says so.
    return { problem: refuse(c, 400, 'invalid', 'The body must be JSON') }
  }
  const parsed = schema.safeParse(json)
  return parsed.success ? { value: parsed.data } : { problem: invalid(c, parsed.error) }
}

function invalid(c: Context, error: z.ZodError): Response {
  const issues = error.issues.map((i) => `${i.path.join('.') || 'value'}: ${i.message}`)
  return refuse(c, 400, 'invalid', issues.join('; '))
}

function refuse(c: Context, status: 400 | 401 | 403 | 404 | 413 | 500 | 503, kind: string, because: string): Response {
  return c.json({ kind, because }, status)
}
