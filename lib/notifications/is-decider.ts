import { selectEffectiveRoles } from '#lib/access/effective-roles.ts'
import { readApproval } from '#lib/approvals/reads.ts'
import { newRequestId } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import type { PersonRow } from './queries-people.ts'

/**
 * May this person decide on the request now? The request is read as they would read it, so state, separation of duties,
 * linked identities and votes already cast are judged by the very rules that a vote meets; and they hold, there, a role that
 * the quorum asks for.
 */
export async function isDecider(
  system: System,
  of: { workspaceId: string; person: PersonRow; approvalId: string },
): Promise<boolean> {
  const { workspaceId, person, approvalId } = of
  const { id: actorId, issuer, subject, kind, name } = person
  const actor = { issuer, subject, kind, name, via: 'worker' as const }
  const ctx: Ctx = { ...system, actor, actorId, workspaceId, requestId: newRequestId(system) }
  try {
    const { mine, policy, subject: asked, labels } = await readApproval(ctx, approvalId)
    if (!mine.vote.allowed) return false
    const roles = await selectEffectiveRoles(system.db, {
      workspaceId,
      identityIds: [actorId],
      environment: asked.environment.name,
      labels,
      now: system.clock.now(),
      lock: false,
    })
    const wanted = Object.entries(policy.quorum).flatMap(([role, people]) => (people > 0 ? [role] : []))
    return roles.some(({ role }) => wanted.includes(role))
  } catch (error) {
    if (isProblem(error, 'not-found') || isProblem(error, 'forbidden')) return false
    throw error
  }
}
