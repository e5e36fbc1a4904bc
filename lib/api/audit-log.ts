import { readCheckpointNote, readLogPath } from '#lib/audit/published.ts'
import type { System } from '#lib/platform/context.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { securityHeaders } from './answer.ts'
import type { Api } from './scope.ts'

const prefix = '/api/audit/log'

/**
 * The transparency log as C2SP tlog-tiles describes it, for monitors and auditors. It is public: a leaf holds salted digests
 * and names nobody. A tile at its path never changes, so it may be kept for ever; the checkpoint is always asked for anew.
 */
export function addAuditLog(app: Api, system: System): void {
  app.get(`${prefix}/checkpoint`, async (c) => {
    c.set('route', '/audit/log/checkpoint')
    checkHost(system.config, c.req.header('host'), true)
    return new Response(await readCheckpointNote(system.db), {
      headers: { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' },
    })
  })
  app.get(`${prefix}/tile/*`, async (c) => {
    c.set('route', '/audit/log/tile/*')
    checkHost(system.config, c.req.header('host'), true)
    const bytes = await readLogPath(system.db, c.req.path.slice(prefix.length + 1))
    return new Response(new Uint8Array(bytes), {
      headers: {
        ...securityHeaders,
        'content-type': 'application/octet-stream',
        'cache-control': 'public, max-age=31536000, immutable',
      },
    })
  })
}
