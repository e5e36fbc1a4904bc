import { createHash } from 'node:crypto'
import type { System } from '#lib/platform/context.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { jsonText, securityHeaders } from './answer.ts'
import { docsPage, docsStyle } from './docs-page.ts'
import { documentOf } from './document.ts'
import type { ApiRoute } from './route.ts'
import { apiPrefix, type Api } from './scope.ts'

/** The document and the page rendered from it. Both are public: they describe the program, not what it holds. */
export function addDocument(app: Api, system: System, routes: readonly ApiRoute[]): void {
  const document = documentOf(routes)
  const text = jsonText(document)
  const page = docsPage(document)
  // The page's one style element is allowed by its digest; scripts are not allowed at all.
  const digest = createHash('sha256').update(docsStyle).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  app.get(`${apiPrefix}/openapi.json`, (c) => {
    c.set('route', `${apiPrefix}/openapi.json`)
    checkHost(system.config, c.req.header('host'))
    return new Response(text, { headers: { ...securityHeaders, 'content-type': 'application/json' } })
  })
  app.get(`${apiPrefix}/docs`, (c) => {
    c.set('route', `${apiPrefix}/docs`)
    checkHost(system.config, c.req.header('host'))
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy }
    return new Response(page, { headers: { ...securityHeaders, ...headers } })
  })
}
