import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { loadApproval } from './cast-vote.ts'
import { checkEvidence } from './check-evidence.ts'
import { changesBetween, partsOf } from './decide.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { choosePolicy, type LoadedPolicy } from './policy.ts'
import { moveApproval, selectApproval, type ApprovalRow } from './queries.ts'
import { findRevision, policySubject, type Place, type Version } from './reads-revision.ts'
import { digestsOf, openRequest, sentenceOf } from './request-approval.ts'

/**
 * Brings an open request up to what it is about: when its version's card or evidence or its policy has changed, the worker
 * submits the new revision for whoever asked, and the old one with its votes is superseded. Where the new revision lacks
 * evidence, or was rejected before, the old one ends without a new one.
 * @returns whether anything had changed
 */
export async function renewRequest(system: System, approvalId: string): Promise<boolean> {
  const seen = await selectApproval(system.db, approvalId)
  if (seen?.state !== 'open' || !(await stateOf(system, seen)).changed) return false
  const onBehalfOf = { issuer: seen.requesterIssuer, subject: seen.requesterSubject }
  const ctx = workerCtx(system, seen.workspaceId, onBehalfOf)
  const now = system.clock.now()
  await mutate(ctx, { action: 'approval:request', load: (tx) => loadApproval(tx, approvalId) }, async (tx, row) => {
    if (row.state !== 'open') throw problem('conflict', 'The request has moved meanwhile.', { state: row.state })
    const { version, environment } = await placeOf(tx, row)
    const policy = choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
    const { subject, parts } = await findRevision(tx, version, environment, policy.digest, tx)
    const changed = changesBetween(partsOf(row.subject, row.policyDigest), parts)
    const because = `The ${changed.join(' and ')} changed.`
    const failing = checkEvidence(policy.policy, subject, now).filter((c) => !c.ok)
    if (failing.length > 0) {
      const why = `${because} The evidence is no longer complete: ${failing.map(sentenceOf).join('; ')}.`
      await moveApproval(tx, row.id, { from: 'open', to: 'superseded', because: why, now })
      return {
        value: undefined,
        audit: { before: { state: 'open' }, after: { state: 'superseded', changed }, because: why },
      }
    }
    const reason = row.because
    const made = await openRequest(tx, { version, environment, reason, requestedBy: row.requestedById, now })
    const { id, revision, revisionDigest, expiresAt } = made
    const after = {
      subject: digestsOf(made.subject),
      revision,
      revisionDigest,
      policy: made.policy,
      expiresAt,
      changed,
      supersedes: row.id,
    }
    const resource = { kind: 'approval', id, name: `${version.modelName}@${version.version} for ${environment.name}` }
    return {
      value: undefined,
      audit: { resource, before: { id: row.id, state: 'open' }, after, because, policies: [made.policyDigest] },
    }
  })
  return true
}

async function stateOf(system: System, row: ApprovalRow): Promise<{ changed: boolean }> {
  const { version, environment } = await placeOf(system.db, row)
  const policy = policyFor(version, environment)
  if (!policy) return { changed: false }
  const { parts } = await findRevision(system.db, version, environment, policy.digest)
  return { changed: changesBetween(partsOf(row.subject, row.policyDigest), parts).length > 0 }
}

async function placeOf(
  db: Parameters<typeof findVersion>[0],
  row: ApprovalRow,
): Promise<{ version: Version; environment: Place }> {
  const [version, environment] = [await findVersion(db, row.versionId), await findEnvironment(db, row.environmentId)]
  if (!version || !environment) throw new Error(`approval ${row.id} names a version or environment that is not there`)
  return { version, environment }
}

function policyFor(version: Version, environment: Place): LoadedPolicy | undefined {
  try {
    return choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
  } catch (error) {
    if (isProblem(error, 'conflict')) return undefined
    throw error
  }
}
