import { createHash } from 'node:crypto'
import { findEnvironment, findServing, findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { checkEvidence } from './decide.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { RequestApprovalInput, type ApprovalSubject } from './model.ts'
import { choosePolicy } from './policy.ts'
import { insertApproval, moveApproval, selectNewest } from './queries.ts'

export type RequestedApproval = { id: string; revision: number; revisionDigest: string; policy: string }

/**
 * Asks for a version to be approved for an environment. The request binds the digests of model, card, evidence, policy and
 * environment in one revision digest; votes are cast on that digest and on nothing else. An open request for the same
 * version and environment is superseded when anything in it has changed.
 * @throws `conflict` when nothing has changed or an approval holds, or when the evidence that the policy asks for is missing
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
      const subject = await subjectOf(tx, version, environment)
      const revisionDigest = policyDigest({ subject, policy: digest })
      const before = await selectNewest(tx, { versionId, environmentId, share: false })
      const superseded = before?.state === 'open' && before.revisionDigest !== revisionDigest
      if (superseded)
        await moveApproval(tx, before.id, {
          from: 'open',
          to: 'superseded',
          because: 'A newer revision was submitted.',
          now,
        })
      const id = newId('approval', now)
      const revision = (before?.revision ?? 0) + 1
      const expiresAt = new Date(now.getTime() + policy.requestTtl * 1000)
      const isNew = await insertApproval(tx, {
        id,
        workspaceId: ctx.workspaceId,
        subject,
        revision,
        revisionDigest,
        policy,
        policyDigest: digest,
        because: reason,
        requestedBy: ctx.actorId,
        now,
        expiresAt,
      })
      if (!isNew)
        throw problem('conflict', `This version is ${before?.state ?? 'asked for'} in ${environment.name} already.`, {
          approvalId: before?.id,
        })
      const after = {
        subject,
        revision,
        revisionDigest,
        policy: policy.name,
        expiresAt,
        ...(superseded ? { supersedes: before.id } : {}),
      }
      const resource = { kind: 'approval', id, name: `${version.modelName}@${version.version} for ${environment.name}` }
      return {
        value: { id, revision, revisionDigest, policy: policy.name },
        audit: { resource, after, because: reason, policies: [digest] },
      }
    },
  )
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

async function subjectOf(
  tx: Tx,
  version: NonNullable<Awaited<ReturnType<typeof findVersion>>>,
  environment: { id: string; name: string; workspaceId: string },
): Promise<ApprovalSubject> {
  const serving = await findServing(tx, { workspaceId: version.workspaceId, modelId: version.modelId, nowOnly: true })
  const here = serving.find((s) => s.environmentId === environment.id)
  const current = here && (await findVersion(tx, here.versionId))
  return {
    model: { id: version.modelId, name: version.modelName },
    version: { id: version.id, version: version.version, digest: version.digest },
    environment: { id: environment.id, name: environment.name },
    cardDigest: `sha256:${createHash('sha256').update(version.card).digest('hex')}`,
    evidence: [{ kind: 'evaluation', digest: policyDigest(version.evaluation), metrics: version.evaluation.metrics }],
    serving: current ? { versionId: current.id, version: current.version, metrics: current.evaluation.metrics } : null,
  }
}
