import { selectEffectiveRoles } from '#lib/access/effective-roles.ts'
import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { awaitingGlass, barredGlass, judgeGlassRule, type GlassRule } from './judge-break-glass.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { UseBreakGlassInput } from './model-break-glass.ts'
import { choosePolicy, type ApprovalPolicy } from './policy.ts'
import { selectNewest } from './queries.ts'
import { insertGlass, selectUnreviewed } from './queries-break-glass.ts'
import { policySubject, type Place, type Version } from './reads-revision.ts'

export type BrokenGlass = { id: string; versionId: string; environmentId: string; expiresAt: Date; reviewDueAt: Date }

/**
 * Lets a version serve in an environment without approval, for an emergency: for as long as the policy says, tied to an
 * incident where it asks for one, to be reviewed by somebody else. It does nothing by itself: it clears the rollout or
 * deployment that follows, and marks it. A veto and a revocation stand all the same.
 * @throws `forbidden` when the policy has no break-glass or not for this role, `conflict` while an earlier use there awaits
 * its review, `invalid` without the incident that the policy asks for
 */
export async function useBreakGlass(ctx: Ctx, input: UseBreakGlassInput): Promise<BrokenGlass> {
  const { versionId, environmentId, incidentId, reason } = parseInput(UseBreakGlassInput, input)
  const load = (tx: Tx) => loadPlace(ctx, tx, versionId, environmentId)
  return mutate(ctx, { action: 'break-glass:use', load }, async (tx, { version, environment }) => {
    const now = ctx.clock.now()
    const { policy, digest } = choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
    const rule = await requireRule(tx, ctx, policy, { version, environment, now })
    if (rule.requireIncident && incidentId === undefined)
      throw problem('invalid', `incidentId: the policy ${policy.name} asks for the incident that it is for`, {
        errors: [{ path: 'incidentId', message: 'must be an open incident of this workspace' }],
      })
    await refuseBarred(tx, versionId, environmentId)
    const times = {
      at: now,
      expiresAt: new Date(now.getTime() + rule.ttl * 1000),
      reviewDueAt: new Date(now.getTime() + rule.reviewWithin * 1000),
    }
    const id = newId('breakGlass', now)
    const made = await insertGlass(tx, {
      id,
      workspaceId: ctx.workspaceId,
      versionId,
      environmentId,
      versionDigest: version.digest,
      policyName: policy.name,
      policyDigest: digest,
      incidentId: incidentId ?? null,
      reason,
      usedBy: ctx.actorId,
      ...times,
    })
    if (made !== 'made') throw await refusalOf(tx, made, environment)
    const { expiresAt, reviewDueAt } = times
    const after = {
      versionId,
      version: version.version,
      digest: version.digest,
      environment: environment.name,
      incidentId,
      expiresAt,
      reviewDueAt,
    }
    const resource = { kind: 'break-glass', id, name: `${version.modelName}@${version.version} in ${environment.name}` }
    return {
      value: { id, versionId, environmentId, expiresAt, reviewDueAt },
      audit: { resource, after, because: reason, policies: [digest] },
      wake: ['rollouts', 'endpoints', 'incidents'],
    }
  })
}

async function loadPlace(ctx: Ctx, tx: Tx, versionId: string, environmentId: string) {
  const [version, environment] = [await findVersion(tx, versionId), await findEnvironment(tx, environmentId)]
  if (!version || environment?.workspaceId !== ctx.workspaceId) return undefined
  const { id, workspaceId, labels } = version
  const resource = { kind: 'version', id, workspaceId, environment: environment.name, labels }
  return { subject: { version, environment }, resource, name: `${version.modelName}@${version.version}` }
}

async function requireRule(
  tx: Tx,
  ctx: Ctx,
  policy: ApprovalPolicy,
  at: { version: Version; environment: Place; now: Date },
): Promise<GlassRule> {
  const held = await selectEffectiveRoles(tx, {
    workspaceId: ctx.workspaceId,
    identityIds: [ctx.actorId],
    environment: at.environment.name,
    labels: at.version.labels,
    now: at.now,
    lock: true,
  })
  const judged = judgeGlassRule(policy, held)
  if (judged.allowed) return judged.rule
  throw problem(judged.code, judged.because, judged.details)
}

async function refuseBarred(tx: Tx, versionId: string, environmentId: string): Promise<void> {
  const barred = barredGlass(await selectNewest(tx, { versionId, environmentId, share: true }))
  if (barred) throw problem(barred.code, barred.because, barred.details)
}

async function refusalOf(tx: Tx, why: 'unreviewed' | 'no-incident', environment: Place) {
  if (why === 'no-incident')
    return problem('invalid', 'incidentId: there is no such open incident in this workspace', {
      errors: [{ path: 'incidentId', message: 'must be an open incident of this workspace' }],
    })
  const { workspaceId, id: environmentId, name } = environment
  const { code, because, details } = awaitingGlass(name, await selectUnreviewed(tx, { workspaceId, environmentId }))
  return problem(code, because, details)
}
