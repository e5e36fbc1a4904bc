import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import type { Action, Resource } from './actions.ts'
import { currentRules } from './current.ts'
import { decideAccess, type AccessDecision } from './decide.ts'
import { selectBindings } from './queries.ts'

/**
 * May the caller read this? @throws `not-found` for a resource of another workspace (its existence is not told),
 * `forbidden` with the roles that may otherwise.
 */
export async function authorizeRead(ctx: Ctx, action: Action, resource?: Resource, db: Reader = ctx.db): Promise<void> {
  const target = resource ?? { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  if (target.workspaceId !== ctx.workspaceId)
    throw problem('not-found', `There is no such ${target.kind} in this workspace.`)
  const decision = await accessDecision(ctx, db, action, target)
  if (!decision.allowed) {
    throw problem('forbidden', `You may not do this: ${decision.because}.`, {
      action,
      rolesThatMay: decision.rolesThatMay,
    })
  }
}

/** The decision for the caller, with its reason: what disabled buttons show, from the rules that the server enforces. */
export async function accessDecision(
  ctx: Ctx,
  db: Reader,
  action: Action,
  resource: Resource,
): Promise<AccessDecision> {
  const bindings = await selectBindings(db, ctx.actorId, resource.workspaceId)
  return decideAccess(currentRules(), bindings, action, resource)
}
