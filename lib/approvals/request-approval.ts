import { createHash } from 'node:crypto'
import { findEnvironment, findServing, findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { checkEvidence } from './decide.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { can, endOf, isOverdue, RequestApprovalInput, type ApprovalSubject } from './model.ts'
import { choosePolicy } from './policy.ts'
import { insertApproval, moveApproval, selectNewest, wasRevisionRejected, type ApprovalRow } from './queries.ts'

export type RequestedApproval = { id: string; revision: number; revisionDigest: string; policy: string }

/**
 * Asks for a version to be approved for an environment. The request binds the digests of model, card, evidence, policy and
 * environment in one revision digest; votes are cast on that digest and on nothing else. An open request for the same
 * version and environment is superseded when anything in it has changed. A rejection is final for what was rejected.
 * @throws `conflict` when nothing has changed, this very revision was rejected or an approval holds, or when the evidence that the policy asks for is missing
 */
export async function requestApproval(ctx: Ctx, input: RequestApprovalInput): Promise<RequestedApproval> {
  const { versionId, environmentId, reason } = parseInput(RequestApprovalInput, input)
  return mutate(
    ctx,
    { action: 'approval:request', load: (tx) => load(ctx, tx, versionId, environmentId) },
    async (tx, { version, environment }) => {
      const now = ctx.clock.now()
      const { policy, digest } = choosePolicy(currentApprovalPolicies(), environment)
      const missing = checkEvidence(policy, version.evaluation.metrics).filter((c) => !c.ok)
      if (missing.length > 0)
        throw problem(
          'conflict',
          `The evidence is not complete: ${missing.map((m) => `${m.kind} ${m.because}`).join('; ')}.`,
          { missing },
        )
      const { subject, revisionDigest } = await revisionOf(tx, version, environment, digest)
      const before = await selectNewest(tx, { versionId, environmentId, share: false })
      const wasRejected = await wasRevisionRejected(tx, { versionId, environmentId, revisionDigest })
      const may = can.ask({ newest: before, revisionDigest, wasRejected, now })
      if (!may.allowed)
        throw problem('conflict', `Not possible in ${environment.name}: ${may.because}.`, {
          approvalId: before?.id,
          state: before?.state,
        })
      const ended = before ? await endPrevious(tx, before, now) : {}
      const id = newId('approval', now)
      const revision = (before?.revision ?? 0) + 1
      const expiresAt = new Date(now.getTime() + policy.requestTtl * 1000)
      const made = { id, workspaceId: ctx.workspaceId, subject, revision, revisionDigest, policy, policyDigest: digest }
      if (!(await insertApproval(tx, { ...made, because: reason, requestedBy: ctx.actorId, now, expiresAt })))
        throw problem('conflict', `Somebody asked for it in ${environment.name} at the same time.`, {
          approvalId: before?.id,
        })
      const after = { subject, revision, revisionDigest, policy: policy.name, expiresAt, ...ended }
      const resource = { kind: 'approval', id, name: `${version.modelName}@${version.version} for ${environment.name}` }
      return {
        value: { id, revision, revisionDigest, policy: policy.name },
        audit: { resource, after, because: reason, policies: [digest] },
        ...(ended.expires ? { wake: ['rollouts', 'endpoints'] as const } : {}),
      }
    },
  )
}

type Version = NonNullable<Awaited<ReturnType<typeof findVersion>>>
type Place = { id: string; name: string; workspaceId: string }

/** What a request made now would bind, and its digest. */
export async function revisionOf(
  db: Reader,
  version: Version,
  environment: Place,
  policy: string,
): Promise<{ subject: ApprovalSubject; revisionDigest: string }> {
  const subject = await subjectOf(db, version, environment)
  return { subject, revisionDigest: policyDigest({ subject, policy }) }
}

// A request that is open makes way for the newer revision; one past its time is expired, as the worker would have it.
async function endPrevious(tx: Tx, before: ApprovalRow, now: Date): Promise<{ supersedes?: string; expires?: string }> {
  const { id, state: from } = before
  if (isOverdue(before, now))
    return (await moveApproval(tx, id, { from, to: 'expired', because: endOf(from), now })) ? { expires: id } : {}
  if (from !== 'open') return {}
  const because = 'A newer revision was submitted.'
  return (await moveApproval(tx, id, { from, to: 'superseded', because, now })) ? { supersedes: id } : {}
}

async function load(ctx: Ctx, tx: Tx, versionId: string, environmentId: string) {
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

async function subjectOf(db: Reader, version: Version, environment: Place): Promise<ApprovalSubject> {
  const serving = await findServing(db, { workspaceId: version.workspaceId, modelId: version.modelId, nowOnly: true })
  const here = serving.find((s) => s.environmentId === environment.id)
  const current = here && (await findVersion(db, here.versionId))
  return {
    model: { id: version.modelId, name: version.modelName },
    version: { id: version.id, version: version.version, digest: version.digest },
    environment: { id: environment.id, name: environment.name },
    cardDigest: `sha256:${createHash('sha256').update(version.card).digest('hex')}`,
    evidence: [{ kind: 'evaluation', digest: policyDigest(version.evaluation), metrics: version.evaluation.metrics }],
    serving: current ? { versionId: current.id, version: current.version, metrics: current.evaluation.metrics } : null,
  }
}
