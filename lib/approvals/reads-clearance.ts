import { selectEffectiveRoles } from '#lib/access/effective-roles.ts'
import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { frozenWords, judgeClearance, type Use } from './judge-clearance.ts'
import { freezeAt } from './freeze.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import type { Clearance } from './model.ts'
import { choosePolicy } from './policy.ts'
import { selectLastApproved, selectNewest } from './queries.ts'
import { selectGlassFor, selectLiveGlass } from './queries-break-glass.ts'
import { selectElectorate } from './queries-votes.ts'
import { findRevision, policySubject, type Place, type Version } from './reads-revision.ts'

export type ClearanceSubject = { versionId: string; environmentId: string; digest: string }

/**
 * May this version begin to serve, or go on to more traffic, in that environment now? Asked again at each use. With the
 * caller's transaction (`share`) the request, its evidence and the roles that count are locked, so that a revocation, an
 * edit or a removal waits or is seen. `actorId` is whoever acts, whose role may override a freeze.
 */
export async function findClearance(
  db: Reader,
  subject: ClearanceSubject,
  now: Date,
  share = false,
  actorId?: string,
): Promise<Clearance> {
  const [version, environment] = [
    await findVersion(db, subject.versionId),
    await findEnvironment(db, subject.environmentId),
  ]
  if (!version || !environment)
    return { kind: 'missing', approvalId: null, because: 'there is no such version or environment' }
  const row = await selectNewest(db, { ...subject, share })
  const glass = await selectLiveGlass(db, { ...subject, now })
  if (!row && !glass) return { kind: 'missing', approvalId: null, because: 'it was never asked for' }
  const current = policyOf(version, environment)
  if (typeof current === 'string') return { kind: 'missing', approvalId: row?.id ?? null, because: current }
  const { parts } = await findRevision(db, version, environment, current.digest, share ? (db as Tx) : undefined)
  const people = row && (await selectElectorate(db, row, { identityId: row.requestedById, lock: share, now }))
  const roles =
    actorId === undefined ? [] : await rolesOf(db, version, environment, { identityId: actorId, now, lock: share })
  const nobody: Use['conflicts'] = { requester: [], 'version-author': [], 'run-owner': [], 'evidence-author': [] }
  const { digest } = subject
  return judgeClearance({
    row,
    digest,
    parts,
    current,
    glass,
    roles,
    now,
    votes: people?.votes ?? [],
    conflicts: people?.conflicts ?? nobody,
  })
}

/**
 * May a rollback go back to this version? The safe direction asks for no approval in force: only that it was approved there
 * once, or served under break-glass, and was not revoked since. Neither freezes nor edits nor lost roles stand against it.
 */
export async function findReturnClearance(
  db: Reader,
  subject: ClearanceSubject,
  now: Date,
  share = false,
): Promise<Clearance> {
  const row = await selectLastApproved(db, { ...subject, share })
  if (row && row.subject.version.digest === subject.digest) {
    const approvalId = row.id
    if (row.state === 'revoked') return { kind: 'revoked', approvalId, because: `revoked: ${row.because}` }
    if (row.state === 'approved' && row.expiresAt > now)
      return { kind: 'valid', approvalId, expiresAt: row.expiresAt, because: row.because }
    return { kind: 'expired', approvalId, because: `it was approved until ${row.expiresAt.toISOString()}` }
  }
  const glass = await selectGlassFor(db, subject)
  if (glass) return { kind: 'expired', approvalId: null, because: 'it served under break-glass' }
  return { kind: 'missing', approvalId: null, because: 'it was never approved' }
}

/** The freeze in force for a version in an environment, in words; null when there is none. */
export async function findFreeze(
  db: Reader,
  of: { versionId: string; environmentId: string },
  now: Date,
): Promise<string | null> {
  const [version, environment] = [await findVersion(db, of.versionId), await findEnvironment(db, of.environmentId)]
  if (!version || !environment) return null
  const current = policyOf(version, environment)
  const freeze = typeof current === 'string' ? undefined : freezeAt(current.policy.freeze, now)
  return freeze ? frozenWords(freeze) : null
}

// No policy for it, or none that can be told: nothing is cleared, in words and without a failure.
function policyOf(version: Version, environment: Place) {
  try {
    return choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
  } catch (error) {
    if (isProblem(error, 'conflict')) return error.message
    throw error
  }
}

async function rolesOf(
  db: Reader,
  version: Version,
  environment: Place,
  of: { identityId: string; now: Date; lock: boolean },
): Promise<string[]> {
  const roles = await selectEffectiveRoles(db, {
    workspaceId: version.workspaceId,
    identityIds: [of.identityId],
    environment: environment.name,
    labels: version.labels,
    now: of.now,
    lock: of.lock,
  })
  return roles.map((held) => held.role)
}
