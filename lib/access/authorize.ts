import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import type { Action, Resource } from './actions.ts'
import { rulesAt } from './current.ts'
import { decideAccess, type AccessDecision } from './decide.ts'
import { selectHeldRoles } from './effective-roles.ts'

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

/**
 * The decision for the caller, with its reason: what disabled buttons show, from the rules that the server enforces. With
 * `lock`, in a transaction, what gives the roles stays until the commit. Rules and roles are of one moment: the version of
 * the rules in force is read with the roles, and a process that has older ones reads the newer first.
 * @throws `unavailable` when this process cannot read the newest rules and the older ones would allow a write
 */
export async function accessDecision(
  ctx: Ctx,
  db: Reader,
  action: Action,
  resource: Resource,
  lock = false,
): Promise<AccessDecision> {
  const { workspaceId } = resource
  const held = await selectHeldRoles(db, { workspaceId, identityIds: [ctx.actorId], now: ctx.clock.now(), lock })
  const { rules, outdated } = await rulesAt(ctx, held.rulesVersion)
  const decision = decideAccess(rules, held.roles, action, resource)
  if (outdated && decision.allowed && !safeUnderOldRules(action))
    throw problem('unavailable', 'The access rules have changed and this process cannot read them: ask an operator.')
  return decision
}

// Reading; the safe direction, which is never blocked; and what mends it: the installation loading rules.
function safeUnderOldRules(action: Action): boolean {
  return action.endsWith(':read') || ['rollout:roll-back', 'rollout:hold', 'access:load'].includes(action)
}
