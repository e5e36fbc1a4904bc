import type { Actor } from '#lib/platform/actor.ts'
import { problem } from '#lib/platform/errors.ts'

/** How long ago somebody may have proved who they are, to approve, break glass, or change policies and roles. */
export const recentAuthSeconds = 900

/**
 * Refuses an act whose doer signed in too long ago. Where their issuer gives no time of sign-in there is nothing to judge
 * by, and nothing is refused. @throws `forbidden` with `stepUp`: sign in again and repeat the act
 */
export function requireRecentAuth(ctx: { actor: Pick<Actor, 'authTime'> }, now: Date): void {
  const { authTime } = ctx.actor
  if (!authTime) return
  const ageSeconds = Math.floor((now.getTime() - authTime.getTime()) / 1000)
  if (ageSeconds <= recentAuthSeconds) return
  throw problem(
    'forbidden',
    `You signed in ${Math.floor(ageSeconds / 60)} minutes ago; this needs a sign-in of the last ${recentAuthSeconds / 60} minutes. Confirm that it is you, then do it again.`,
    { stepUp: true, maxAgeSeconds: recentAuthSeconds },
  )
}
