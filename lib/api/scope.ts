import type { OpenAPIHono } from '@hono/zod-openapi'
import { newRequestId } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'

/** What one step of answering hands on to the next, and to the log (Hono's variables). */
export type ApiEnv = {
  Variables: {
    requestId: string
    traceId?: string
    /** The path's pattern, for metrics and the log: never the path itself. */
    route: string
    actorId?: string
    workspaceId?: string
  }
}

export type Api = OpenAPIHono<ApiEnv>

/** Where the versioned API starts. */
export const apiPrefix = '/api/v1'

/** The caller's own request id where it is a sane one (1 to 64 letters, digits and `-_.`), else a new one. */
export function requestIdOf(system: Pick<System, 'clock'>, header: string | undefined): string {
  return header !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(header) ? header : newRequestId(system)
}

/** The trace id of a `traceparent` header (W3C Trace Context, version 00), or undefined when it is none. */
export function traceIdOf(header: string | undefined): string | undefined {
  const found = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-|$)/.exec(header ?? '')
  const [, traceId, parentId] = found ?? []
  // All zeros is invalid by the specification, for either id.
  return traceId && parentId && /[^0]/.test(traceId) && /[^0]/.test(parentId) ? traceId : undefined
}
