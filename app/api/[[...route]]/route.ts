import { createApi } from '#lib/api/app.ts'
import { answerUnopened } from '#lib/api/unopened.ts'
import type { Api } from '#lib/api/scope.ts'
import type { System } from '#lib/platform/context.ts'
import { webSystem } from '../../_server/system.ts'

const apis = new WeakMap<System, Api>()

/** Hands every request below /api, and what next.config.js rewrites to it, to the one Hono app. */
async function handle(request: Request): Promise<Response> {
  const system = await webSystem().catch((error: unknown) => answerUnopened(new URL(request.url).pathname, error))
  if (system instanceof Response) return system
  const api = apis.get(system) ?? createApi(system)
  apis.set(system, api)
  return api.fetch(underApi(request))
}

// A rewritten request keeps the address that it was sent to.
function underApi(request: Request): Request {
  const url = new URL(request.url)
  if (url.pathname === '/api' || url.pathname.startsWith('/api/')) return request
  url.pathname = `/api${url.pathname}`
  return new Request(url, request)
}

export {
  handle as DELETE,
  handle as GET,
  handle as HEAD,
  handle as OPTIONS,
  handle as PATCH,
  handle as POST,
  handle as PUT,
}
