import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx, workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { endClaimBindings, selectExpiredClaims } from './queries-claims.ts'

const batch = 100

/**
 * One turn: takes away roles that claims gave and that were not said again in time, as a person has left the issuer or
 * comes no more. Two workers that do it at once end each role once. Returns how many roles it looked at.
 */
export async function expireClaimRoles(system: System): Promise<number> {
  const expired = await selectExpiredClaims(system.db, system.clock.now(), batch)
  for (const { bindingId, workspaceId, role, identityId, name } of expired) {
    const ctx = workspaceId === rootWorkspaceId ? systemCtx(system) : workerCtx(system, workspaceId)
    const resource = { kind: 'identity', id: identityId, workspaceId }
    await mutate(
      ctx,
      { action: 'member:claim', load: () => Promise.resolve({ subject: undefined, resource, name }) },
      async (tx) => {
        await endClaimBindings(tx, [bindingId], ctx.clock.now())
        return {
          value: undefined,
          audit: { before: { role, bindingId }, because: 'their issuer has not said it again in time' },
        }
      },
    )
  }
  return expired.length
}
