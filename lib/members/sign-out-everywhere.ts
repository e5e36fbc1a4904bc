import { appendEntry } from '#lib/audit/append.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { endSessionsOf, revokeTokensOf } from './queries-sessions.ts'

/**
 * Ends every session of the caller and revokes every bearer token that our own issuer gave them, in one transaction. Tokens
 * of other issuers end by their own time: sign out there as well.
 */
export async function signOutEverywhere(ctx: Ctx): Promise<{ sessions: number; tokens: number }> {
  const ended = await housekeep(ctx, 'session', async (tx) => {
    const now = ctx.clock.now()
    const sessions = await endSessionsOf(tx, ctx.actorId, now)
    const tokens = await revokeTokensOf(tx, ctx.actorId, now)
    await appendEntry(
      tx,
      { ...ctx, workspaceId: rootWorkspaceId },
      {
        action: 'session:end-all',
        resource: { kind: 'identity', id: ctx.actorId, name: ctx.actor.name },
        outcome: 'done',
        after: { sessions, tokens },
        because: 'signed out everywhere',
      },
    )
    return { sessions, tokens }
  })
  ctx.notify(['audit'])
  return ended
}
