import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { checkEvidence, type EvidenceCheck } from './check-evidence.ts'
import { changesBetween, partsOf, type RevisionParts } from './decide.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { can, endOf, isOverdue, RequestApprovalInput, type ApprovalSubject } from './model.ts'
import { choosePolicy } from './policy.ts'
import { insertApproval, moveApproval, selectNewest, wasRevisionRejected, type ApprovalRow } from './queries.ts'
import { findRevision, policySubject, type Place, type Version } from './reads-revision.ts'

export type RequestedApproval = { id: string; revision: number; revisionDigest: string; policy: string }

/**
 * Asks for a version to be approved for an environment. The request binds the digests of version, card, evidence set, policy
 * and environment in one revision digest; votes are cast on that digest and on nothing else. An open request for the same
 * version and environment is superseded when anything in it has changed. A rejection is final for what was rejected.
 * @throws `conflict` when nothing has changed, this very revision was rejected or an approval holds, or when the evidence that the policy asks for is missing
 */
export async function requestApproval(ctx: Ctx, input: RequestApprovalInput): Promise<RequestedApproval> {
  const { versionId, environmentId, reason } = parseInput(RequestApprovalInput, input)
  return mutate(
    ctx,
    { action: 'approval:request', load: (tx) => loadAsked(ctx, tx, versionId, environmentId) },
    async (tx, { version, environment }) => {
      const made = await openRequest(tx, {
        version,
        environment,
        reason,
        requestedBy: ctx.actorId,
        now: ctx.clock.now(),
      })
      const { id, revision, revisionDigest, policy, policyDigest, subject, expiresAt, ended } = made
      const after = { subject: digestsOf(subject), revision, revisionDigest, policy, expiresAt, ...ended }
      const resource = { kind: 'approval', id, name: `${version.modelName}@${version.version} for ${environment.name}` }
      return {
        value: { id, revision, revisionDigest, policy },
        audit: { resource, after, because: reason, policies: [policyDigest] },
        ...(ended.expires ? { wake: ['rollouts', 'endpoints'] as const } : {}),
      }
    },
  )
}

/** The part that a request and its renewal share: chooses the policy, checks the evidence, ends what was there, opens it. */
export async function openRequest(
  tx: Tx,
  ask: { version: Version; environment: Place; reason: string; requestedBy: string; now: Date },
) {
  const { version, environment, reason, requestedBy, now } = ask
  const { policy, digest } = choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
  const of = { versionId: version.id, environmentId: environment.id }
  const { subject, parts, revisionDigest } = await findRevision(tx, version, environment, digest, tx)
  refuseIncomplete(checkEvidence(policy, subject, now))
  const before = await selectNewest(tx, { ...of, share: false })
  const wasRejected = await wasRevisionRejected(tx, { ...of, revisionDigest })
  const may = can.ask({ newest: before, revisionDigest, wasRejected, hasChanged: hasChanged(before, parts), now })
  if (!may.allowed)
    throw problem('conflict', `Not possible in ${environment.name}: ${may.because}.`, {
      approvalId: before?.id,
      state: before?.state,
    })
  const ended = before ? await endPrevious(tx, before, now) : {}
  const id = newId('approval', now)
  const revision = (before?.revision ?? 0) + 1
  const expiresAt = new Date(now.getTime() + policy.requestTtl * 1000)
  const made = { id, workspaceId: version.workspaceId, subject, revision, revisionDigest, policy, policyDigest: digest }
  if (!(await insertApproval(tx, { ...made, because: reason, requestedBy, now, expiresAt })))
    throw problem('conflict', `Somebody asked for it in ${environment.name} at the same time.`, {
      approvalId: before?.id,
    })
  return { ...made, policy: policy.name, expiresAt, ended }
}

/** Has anything changed since what was asked for then? */
export function hasChanged(row: ApprovalRow | undefined, parts: RevisionParts): boolean {
  return row !== undefined && changesBetween(partsOf(row.subject, row.policyDigest), parts).length > 0
}

function refuseIncomplete(checks: readonly EvidenceCheck[]): void {
  const missing = checks.filter((c) => !c.ok)
  if (missing.length === 0) return
  throw problem('conflict', `The evidence is not complete: ${missing.map(sentenceOf).join('; ')}.`, { missing })
}

/** A check in words: which kind, what it asks and how it came out. */
export function sentenceOf(check: EvidenceCheck): string {
  return check.expression === null
    ? `${check.kind}: ${check.because}`
    : `${check.kind}: ${check.expression} ${check.because}`
}

// A request that is open makes way for the newer revision, as does an approval whose subject has changed; one past its time
// is expired, as the worker would have it.
async function endPrevious(tx: Tx, before: ApprovalRow, now: Date): Promise<{ supersedes?: string; expires?: string }> {
  const { id, state: from } = before
  if (isOverdue(before, now))
    return (await moveApproval(tx, id, { from, to: 'expired', because: endOf(from), now })) ? { expires: id } : {}
  if (from !== 'open' && from !== 'approved') return {}
  const because = 'A newer revision was submitted.'
  return (await moveApproval(tx, id, { from, to: 'superseded', because, now })) ? { supersedes: id } : {}
}

async function loadAsked(ctx: Ctx, tx: Tx, versionId: string, environmentId: string) {
  const [version, environment] = [await findVersion(tx, versionId), await findEnvironment(tx, environmentId)]
  if (!version || environment?.workspaceId !== ctx.workspaceId) return undefined
  const resource = {
    kind: 'version',
    id: version.id,
    workspaceId: version.workspaceId,
    environment: environment.name,
    labels: version.labels,
  }
  return { subject: { version, environment }, resource, name: `${version.modelName}@${version.version}` }
}

/** For the log: the digests that are bound, without the contents behind them. */
export function digestsOf(subject: ApprovalSubject) {
  const { evidence, serving, ...rest } = subject
  return {
    ...rest,
    evidence: evidence.map(({ kind, digest, producerId }) => ({ kind, digest, producerId })),
    serving: serving && { versionId: serving.versionId, version: serving.version },
  }
}
