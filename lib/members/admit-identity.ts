import { createHash } from 'node:crypto'
import type { ClaimedIdentity } from '#lib/access/issuer-claims.ts'
import { issuersOf } from '#lib/access/issuers.ts'
import type { Actor } from '#lib/platform/actor.ts'
import type { System } from '#lib/platform/context.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { ensureIdentity, refreshName, selectIdentity } from './queries.ts'
import { rememberGroups } from './remember-groups.ts'
import { syncClaimRoles } from './sync-claim-roles.ts'

const hour = 3_600
const freshMs = 60_000
const remembered = 10_000

/**
 * Lets somebody in whom an issuer has vouched for: their identity's row, made when it is new; their groups and the roles
 * that their claims give, as they are now. Called for each token; the same claims within a minute change nothing.
 */
export async function admitIdentity(
  system: System,
  claimed: ClaimedIdentity,
  via: Extract<Actor['via'], 'console' | 'api'>,
): Promise<{ actor: Actor; actorId: string }> {
  const { issuer, subject, name, kind, authTime } = claimed
  const present = await selectIdentity(system.db, issuer, subject)
  const now = system.clock.now()
  const who = { issuer, subject, name, kind }
  const actorId =
    present?.id ??
    (await housekeep(system, 'session', (tx) => ensureIdentity(tx, { ...who, name: name || subject }, now)))
  if (present && via === 'console' && present.name !== name)
    await housekeep(system, 'session', (tx) => refreshName(tx, actorId, name))
  if (via === 'console' || isNews(system, actorId, claimed)) await keepClaims(system, actorId, claimed)
  const known = via === 'api' && present ? present.name : name
  return { actor: { issuer, subject, kind, name: known, via, ...(authTime && { authTime }) }, actorId }
}

async function keepClaims(system: System, identityId: string, claimed: ClaimedIdentity): Promise<void> {
  const { groups, roles, issuer, subject, name } = claimed
  if (groups !== undefined) {
    const now = system.clock.now()
    await housekeep(system, 'session', (tx) => rememberGroups(tx, { identityId, groups, now }))
  }
  if (roles === undefined) return
  const configured = issuersOf(system).find((i) => i.issuer === issuer)
  const hours = configured?.kind === 'oidc' ? configured.rememberHours : 24
  await syncClaimRoles(system, { identityId, issuer, subject, name, roles, rememberSeconds: hours * hour })
}

// What one process has just kept need not be kept again for every request of the same token.
function isNews(system: System, identityId: string, { groups, roles }: ClaimedIdentity): boolean {
  const all = processSingleton(
    'claims-kept',
    () => new WeakMap<object, Map<string, { digest: string; atMs: number }>>(),
  )
  const kept = all.get(system.db) ?? new Map<string, { digest: string; atMs: number }>()
  all.set(system.db, kept)
  const digest = createHash('sha256')
    .update(JSON.stringify([groups, roles]))
    .digest('base64')
  const nowMs = system.clock.monotonicMs()
  const last = kept.get(identityId)
  if (last && last.digest === digest && nowMs - last.atMs < freshMs) return false
  if (kept.size >= remembered) kept.clear()
  kept.set(identityId, { digest, atMs: nowMs })
  return true
}
