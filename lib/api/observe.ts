import type { MiddlewareHandler } from 'hono'
import type { System } from '#lib/platform/context.ts'
import { requestIdOf, traceIdOf, type ApiEnv } from './scope.ts'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Gives each request its id and trace, and when it was answered writes one line to the log and one observation to the
 * metrics. Both name the route's pattern: a path may hold anything.
 */
export function observe(system: System): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedMs = system.clock.monotonicMs()
    const requestId = requestIdOf(system, c.req.header('x-request-id'))
    const traceId = traceIdOf(c.req.header('traceparent'))
    c.set('requestId', requestId)
    c.set('route', 'unmatched')
    if (traceId !== undefined) c.set('traceId', traceId)
    await next()
    const seconds = Math.max(0, system.clock.monotonicMs() - startedMs) / 1000
    const method = methods.has(c.req.method) ? c.req.method : 'OTHER'
    const route = c.get('route')
    const { status } = c.res
    c.res.headers.set('x-request-id', requestId)
    system.metrics.httpRequestSeconds.observe({ method, route, status: String(status) }, seconds)
    system.log.info(
      {
        requestId,
        traceId,
        method,
        route,
        status,
        durationMs: Math.round(seconds * 1_000_000) / 1000,
        actorId: c.get('actorId'),
        workspaceId: c.get('workspaceId'),
      },
      'answered',
    )
  }
}
