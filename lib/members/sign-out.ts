import { signInIssuers } from '#lib/access/issuers.ts'
import { logoutUrl } from '#lib/access/oidc-client.ts'
import { appendEntry } from '#lib/audit/append.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { unseal } from '#lib/platform/seal.ts'
import { endSession } from './queries-credentials.ts'
import { selectSessionIssuer } from './queries-sessions.ts'
import { sessionIdOf } from './sign-in-as-persona.ts'

/**
 * Ends a session for good. Ending one that has ended already changes nothing. Returns where the browser ends its session
 * at the identity provider too, where that offers it (OpenID Connect RP-Initiated Logout 1.0).
 */
export async function signOut(ctx: Ctx, cookie: string): Promise<string | undefined> {
  const id = sessionIdOf(cookie)
  const session = await selectSessionIssuer(ctx.db, id)
  const ended = await housekeep(ctx, 'session', async (tx) => {
    if (!(await endSession(tx, id, ctx.clock.now()))) return false
    const resource = { kind: 'session', id: id.slice(0, 16) }
    await appendEntry(
      tx,
      { ...ctx, workspaceId: rootWorkspaceId },
      { action: 'session:end', resource, outcome: 'done', because: 'signed out' },
    )
    return true
  })
  const issuer = ended ? signInIssuers(ctx).find((i) => i.name === session?.issuerName) : undefined
  if (!issuer || !session) return undefined
  const idToken = session.sealedIdToken === null ? undefined : unseal(ctx.secrets, id, session.sealedIdToken)
  return logoutUrl(ctx, issuer, idToken)
}
