import { OpenAPIHono, z, type RouteConfig } from '@hono/zod-openapi'
import type { ErrorCode } from '#lib/platform/errors.ts'
import { problemResponses } from './problem-responses.ts'
import { forgeHookOperation } from './forge-hook-operation.ts'
import { registryHookOperation } from './registry-hook-operation.ts'
import type { ApiRoute } from './route.ts'
import { apiPrefix } from './scope.ts'

export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

const forAll: readonly ErrorCode[] = [
  'unauthenticated',
  'forbidden',
  'not-found',
  'rate-limited',
  'invalid',
  'internal',
]
const forWrites: readonly ErrorCode[] = ['conflict', 'too-large', 'unsupported-media-type', 'idempotency-mismatch']

const description = `Every call needs a bearer token, but for those by which registries and forges deliver their webhooks. It acts in one workspace: the one that the header \`quarterdeck-workspace\` names (by name or id), or the caller's only one.

Writes take an \`idempotency-key\`: the same request under the same key is done once and answered alike for 24 hours. Lists are newest first and go on with \`cursor\`. Failures are problem details (RFC 9457) with a \`code\` from a closed list.`

/** The OpenAPI 3.1 document of these routes, and of those that registries and forges call instead of people. */
export function documentOf(routes: readonly ApiRoute[]): ApiDocument {
  const app = new OpenAPIHono()
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token (RFC 9068) of this installation.',
  })
  for (const route of routes) app.openAPIRegistry.registerPath(operationOf(route))
  for (const hook of [registryHookOperation, forgeHookOperation]) app.openAPIRegistry.registerPath(hook)
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Quarterdeck', version: '1', description },
    servers: [{ url: apiPrefix }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map((r) => r.tag))].map((name) => ({ name })),
  })
}

function operationOf(route: ApiRoute): RouteConfig {
  const writes = route.method !== 'get'
  return {
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description ? { description: route.description } : {}),
    tags: [route.tag],
    security: [{ bearer: [] }],
    ...(route.action ? { 'x-quarterdeck-action': route.action } : {}),
    request: {
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { query: route.query } : {}),
      headers: writes && route.replayable !== false ? headers.extend(keyHeader) : headers,
      ...(route.body ? { body: { required: true, content: { 'application/json': { schema: route.body } } } } : {}),
    },
    responses: responsesOf(route, writes),
  }
}

const headers = z.object({
  'quarterdeck-workspace': z.string().optional().openapi({
    description: 'The workspace to act in, by name or id; may be left out by whoever has a role in one only',
  }),
})
const keyHeader = {
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .optional()
    .openapi({ description: 'Makes the write happen once, however often it is sent' }),
}

function responsesOf(route: ApiRoute, writes: boolean): RouteConfig['responses'] {
  return {
    [route.status]: { description: 'Done', content: { 'application/json': { schema: route.response } } },
    ...problemResponses([...forAll, ...(writes ? forWrites : []), ...(route.problems ?? [])]),
  }
}
