import { identifyBearer } from '#lib/members/identify-bearer.ts'
import { resolveWorkspace } from '#lib/members/reads.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'

export type Caller = Pick<Ctx, 'actor' | 'actorId'>

/**
 * Who calls: a bearer token (RFC 6750) and nothing else. A session's cookie is never looked at, so no page can make a
 * browser act here. @throws `unauthenticated`
 */
export async function authenticate(system: System, authorization: string | undefined): Promise<Caller> {
  if (authorization === undefined)
    throw problem('unauthenticated', 'Send a token: authorization: Bearer … (get one with "quarterdeck token").')
  const text = /^Bearer (.+)$/i.exec(authorization)?.[1]
  if (text === undefined)
    throw problem('unauthenticated', 'The authorization header must be the word Bearer, one space and a token.')
  return identifyBearer(system, text)
}

/** The context of one request: the caller, in the workspace that the header `quarterdeck-workspace` names. */
export async function contextOf(
  system: System,
  caller: Caller,
  request: { requestId: string; traceId: string | undefined; workspace: string | undefined },
): Promise<Ctx> {
  const { id } = await resolveWorkspace(system, caller.actorId, request.workspace)
  const { requestId, traceId } = request
  return { ...system, ...caller, workspaceId: id, requestId, ...(traceId === undefined ? {} : { traceId }) }
}
