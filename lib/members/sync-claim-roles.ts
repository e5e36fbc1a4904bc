import type { GivenRole } from '#lib/access/issuer-config.ts'
import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx, workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { claimChanges, type ClaimChange } from './claim-roles.ts'
import { endClaimBindings, selectClaimBindings, selectWorkspaceIds, upsertClaimBinding } from './queries-claims.ts'

export type ClaimedRoles = {
  identityId: string
  /** For the audit log: who it is and who said so. */
  issuer: string
  subject: string
  name: string
  roles: readonly GivenRole[]
  rememberSeconds: number
}

/**
 * Gives an identity the roles that its issuer's claims say, and takes those away that they say no more: one governed write
 * for each workspace in which anything changes. What somebody was given by an admin is not touched.
 */
export async function syncClaimRoles(system: System, claimed: ClaimedRoles): Promise<void> {
  const now = system.clock.now()
  const expiresAt = new Date(now.getTime() + claimed.rememberSeconds * 1000)
  const names = [...new Set(claimed.roles.map((r) => r.workspace))]
  const [held, ids] = await Promise.all([
    selectClaimBindings(system.db, claimed.identityId),
    selectWorkspaceIds(system.db, names),
  ])
  for (const name of names.filter((n) => !ids.has(n)))
    system.log.warn(
      { workspace: name, issuer: claimed.issuer },
      'an issuer gives roles in a workspace that is not there',
    )
  for (const change of claimChanges(claimed.roles, held, ids, { now, expiresAt }))
    await applyChange(system, claimed, change, expiresAt)
}

async function applyChange(system: System, claimed: ClaimedRoles, change: ClaimChange, expiresAt: Date): Promise<void> {
  const { workspaceId } = change
  const { identityId, issuer, subject, name } = claimed
  const ctx = workspaceId === rootWorkspaceId ? systemCtx(system) : workerCtx(system, workspaceId)
  const resource = { kind: 'identity', id: identityId, workspaceId }
  await mutate(
    ctx,
    { action: 'member:claim', load: () => Promise.resolve({ subject: undefined, resource, name }) },
    async (tx) => {
      const now = ctx.clock.now()
      await endClaimBindings(
        tx,
        change.end.map((b) => b.bindingId),
        now,
      )
      for (const role of [...change.add, ...change.keep])
        await upsertClaimBinding(tx, { workspaceId, identityId, role, createdBy: ctx.actorId, now, expiresAt })
      return {
        value: undefined,
        audit: {
          before: { ended: change.end.map(scopeOf) },
          after: { issuer, subject, given: change.add.map(scopeOf), renewed: change.keep.map(scopeOf), expiresAt },
          because: 'the claims of their issuer say so',
        },
      }
    },
  )
}

function scopeOf({ role, environment, label }: { role: string; environment: string | null; label: string | null }) {
  return { role, environment, label }
}
