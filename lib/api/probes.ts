import { currentRules } from '#lib/access/current.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { requireDatabase } from '#lib/platform/readiness.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { jsonAnswer, securityHeaders } from './answer.ts'
import type { Api } from './scope.ts'

/**
 * `/healthz`: this process answers. `/readyz`: it can do its work (database reachable and migrated, access rules loaded).
 * `/metrics`: Prometheus' text format. None needs a token; none tells anything of a workspace.
 */
export function addProbes(app: Api, system: System): void {
  app.get('/api/healthz', (c) => {
    c.set('route', '/healthz')
    checkHost(system.config, c.req.header('host'), true)
    return jsonAnswer({ status: 'ok' }, 200)
  })
  app.get('/api/readyz', async (c) => {
    c.set('route', '/readyz')
    checkHost(system.config, c.req.header('host'), true)
    try {
      await requireDatabase(system)
      requireRules()
    } catch (error) {
      // A probe is asked every few seconds: its refusals are worth a line in the log, with their cause.
      system.log.warn({ err: error, requestId: c.get('requestId') }, 'not ready')
      throw isProblem(error) ? error : problem('unavailable', 'Not ready.', {}, { cause: error })
    }
    return jsonAnswer({ status: 'ready' }, 200)
  })
  app.get('/api/metrics', async (c) => {
    c.set('route', '/metrics')
    checkHost(system.config, c.req.header('host'), true)
    const { registry } = system.metrics
    return new Response(await registry.metrics(), {
      headers: { ...securityHeaders, 'content-type': registry.contentType },
    })
  })
}

function requireRules(): void {
  try {
    currentRules()
  } catch (cause) {
    throw problem('unavailable', 'The access rules are not loaded.', {}, { cause })
  }
}
