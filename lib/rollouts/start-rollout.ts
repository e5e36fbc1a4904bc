import type { Clearance } from '#lib/approvals/model.ts'
import { findClearance } from '#lib/approvals/reads-clearance.ts'
import { holdEndpoint, intend, type EndpointRow } from '#lib/endpoints/reads.ts'
import { findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { currentRolloutPolicy } from './load-policies.ts'
import { emptyChain, StartRolloutInput } from './model.ts'
import { insertRollout, selectHistory } from './queries.ts'

export type StartedRollout = { id: string; endpointId: string; versionId: string; policy: string; state: 'pending' }

type Version = NonNullable<Awaited<ReturnType<typeof findVersion>>>

/**
 * Starts to roll a version out at an endpoint, under the endpoint's policy as it reads now. Only the intent is written: the
 * reconciler starts the candidate's server, and gives it weight when it is ready.
 * @throws `conflict` when nothing serves there, the version serves already, another rollout has not ended, the endpoint
 * was rolled back within the policy's cooldown, or (in a protected environment) there is no valid approval
 */
export async function startRollout(ctx: Ctx, input: StartRolloutInput): Promise<StartedRollout> {
  const { endpointId, versionId, reason } = parseInput(StartRolloutInput, input)
  return mutate(ctx, { action: 'rollout:start', load: (tx) => load(tx, endpointId) }, async (tx, endpoint) => {
    const now = ctx.clock.now()
    const { policy, digest } = currentRolloutPolicy(endpoint.rolloutPolicy)
    const version = await findVersion(tx, versionId)
    if (version?.modelId !== endpoint.modelId) throw problem('not-found', `${endpoint.modelName} has no such version.`)
    const stable = stableOf(endpoint, version)
    await refuseWhileCooling(tx, endpoint, versionId, policy.limits.cooldownSeconds, now)
    const cleared = await requireApproval(ctx, tx, { endpoint, version, now })
    const approvalId = cleared?.approvalId ?? null
    const id = newId('rollout', now)
    const isNew = await insertRollout(tx, {
      id,
      workspaceId: ctx.workspaceId,
      endpointId,
      modelId: endpoint.modelId,
      environmentId: endpoint.environmentId,
      fromVersionId: stable,
      toVersionId: versionId,
      approvalId,
      policyName: policy.name,
      policyDigest: digest,
      policy,
      chain: emptyChain(),
      requestedBy: ctx.actorId,
      now,
    })
    if (!isNew) throw problem('conflict', 'Another rollout at this endpoint has not ended yet. End it first.')
    const weights = [
      { versionId: stable, percent: 100 },
      { versionId, percent: 0 },
    ]
    const because = `A rollout to ${version.version} has begun.`
    const intent = { stableVersionId: stable, candidateVersionId: versionId, weights, state: endpoint.state, because }
    await intend(tx, endpointId, intent, now)
    const after = { endpointId, from: stable, to: versionId, version: version.version, digest: version.digest }
    const resource = {
      kind: 'rollout',
      id,
      name: `${endpoint.modelName} ${endpoint.stableVersion ?? ''} to ${version.version} in ${endpoint.environment}`,
    }
    return {
      value: { id, endpointId, versionId, policy: policy.name, state: 'pending' as const },
      audit: {
        resource,
        after: { ...after, state: 'pending', policy: policy.name, ...clearedBy(cleared) },
        because: reason,
        policies: [digest],
      },
      wake: ['rollouts', 'endpoints'],
    }
  })
}

async function load(tx: Tx, endpointId: string) {
  const subject = await holdEndpoint(tx, endpointId)
  if (!subject) return undefined
  const { id, workspaceId, environment, labels } = subject
  return { subject, resource: { kind: 'endpoint', id, workspaceId, environment, labels }, name: subject.name }
}

function stableOf(endpoint: EndpointRow, version: Version): string {
  const { stableVersionId, state } = endpoint
  if (stableVersionId === null) {
    throw problem('conflict', 'Nothing serves at this endpoint yet: deploy a first version instead.')
  }
  if (stableVersionId === version.id) throw problem('conflict', `${version.version} serves at this endpoint already.`)
  if (state === 'deploying') {
    throw problem('conflict', 'The first version is still being deployed. Wait until the endpoint serves.', { state })
  }
  return stableVersionId
}

async function refuseWhileCooling(
  tx: Tx,
  endpoint: EndpointRow,
  versionId: string,
  cooldownSeconds: number,
  now: Date,
): Promise<void> {
  const { lastRollbackAt } = await selectHistory(tx, endpoint.id, versionId)
  const coolAt = lastRollbackAt === null ? 0 : lastRollbackAt + cooldownSeconds * 1000
  if (coolAt <= now.getTime()) return
  const until = new Date(coolAt)
  throw problem(
    'conflict',
    `The endpoint was rolled back; its policy lets it cool down until ${until.toISOString()}.`,
    {
      until,
    },
  )
}

type Cleared = Extract<Clearance, { kind: 'valid' }>

async function requireApproval(
  ctx: Ctx,
  tx: Tx,
  of: { endpoint: EndpointRow; version: Version; now: Date },
): Promise<Cleared | null> {
  const { endpoint, version, now } = of
  if (!endpoint.protected) return null
  const subject = { versionId: version.id, environmentId: endpoint.environmentId, digest: version.digest }
  const clearance = await findClearance(tx, subject, now, true, ctx.actorId)
  if (clearance.kind === 'valid') return clearance
  throw problem(
    'conflict',
    `Not started: its approval for ${endpoint.environment} is ${clearance.kind} (${clearance.because}).`,
    { approval: clearance.kind },
  )
}

// What cleared it, for the record: an approval, or break-glass, and a freeze that the starter's role overrode.
function clearedBy(cleared: Cleared | null) {
  const { approvalId = null, breakGlassId, overrides } = cleared ?? {}
  return { approvalId, ...(breakGlassId ? { breakGlassId } : {}), ...(overrides ? { overrides } : {}) }
}
