import type { Actor } from '#lib/platform/actor.ts'
import { problem } from '#lib/platform/errors.ts'
import type { Action } from './actions.ts'

/** How long ago somebody may have proved who they are, to approve, break glass, or change policies and roles. */
export const recentAuthSeconds = 900

/**
 * What asks for a recent sign-in: approving, break-glass, whatever says who may do what (roles, groups, delegations, links,
 * rules, accounts and keys that act), erasing. What only takes power away in a hurry (a token, an ingest key, a
 * service account, an approval) asks for none: ending a stolen one never waits for a sign-in.
 */
export const recentAuthActions: ReadonlySet<Action> = new Set([
  'approval:vote',
  'break-glass:use',
  'break-glass:review',
  'workspace:create',
  'member:bind',
  'member:unbind',
  'delegation:create',
  'delegation:revoke',
  'identity:link',
  'identity:unlink',
  'access:load',
  'service-account:create',
  'service-account:issue-token',
  'signing-key:rotate',
  'attestation-key:rotate',
  'audit:erase',
])

/**
 * Refuses an act of `recentAuthActions` whose doer signed in too long ago. Where their issuer gives no time of sign-in there
 * is nothing to judge by, and nothing is refused.
 * @throws `forbidden` with `stepUp`: sign in again and repeat the act
 */
export function requireRecentAuth(action: Action, { authTime }: Pick<Actor, 'authTime'>, now: Date): void {
  if (!authTime || !recentAuthActions.has(action)) return
  const ageSeconds = Math.floor((now.getTime() - authTime.getTime()) / 1000)
  if (ageSeconds <= recentAuthSeconds) return
  throw problem(
    'forbidden',
    `You signed in ${Math.floor(ageSeconds / 60)} minutes ago; this needs a sign-in of the last ${recentAuthSeconds / 60} minutes. Confirm that it is you, then do it again.`,
    { stepUp: true, maxAgeSeconds: recentAuthSeconds },
  )
}
