import { findClearance } from '#lib/approvals/reads-clearance.ts'
import { findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { can, DeployVersionInput } from './model.ts'
import { lockEndpoint, updateIntent } from './queries.ts'

/**
 * Deploys the first version to an endpoint: the intent, which the reconciler carries out and reads back. In a protected
 * environment only under a valid approval, which cannot be revoked while this commits.
 * @throws `conflict` when a version serves there already, or without approval
 */
export async function deployVersion(
  ctx: Ctx,
  input: DeployVersionInput,
): Promise<{ endpointId: string; versionId: string; state: 'deploying' }> {
  const { endpointId, versionId, reason } = parseInput(DeployVersionInput, input)
  return mutate(
    ctx,
    { action: 'endpoint:deploy', load: (tx) => loadEndpoint(tx, endpointId) },
    async (tx, endpoint) => {
      const now = ctx.clock.now()
      const version = await findVersion(tx, versionId)
      if (version?.modelId !== endpoint.modelId)
        throw problem('not-found', `${endpoint.modelName} has no such version.`)
      const may = can.deploy({ stable: endpoint.stableVersionId })
      if (!may.allowed)
        throw problem('conflict', `Not deployed: ${may.because}.`, { stableVersionId: endpoint.stableVersionId })
      const subject = { versionId, environmentId: endpoint.environmentId, digest: version.digest }
      const clearance = endpoint.protected ? await findClearance(tx, subject, now, true, ctx.actorId) : undefined
      if (clearance && clearance.kind !== 'valid') {
        throw problem(
          'conflict',
          `Not deployed: its approval for ${endpoint.environment} is ${clearance.kind} (${clearance.because}).`,
          { approval: clearance.kind },
        )
      }
      const weights = [{ versionId, percent: 100 }]
      const because = `Starting ${version.modelName}@${version.version}.`
      await updateIntent(
        tx,
        endpointId,
        { stableVersionId: versionId, candidateVersionId: null, weights, state: 'deploying', because },
        now,
      )
      const after = {
        versionId,
        version: version.version,
        digest: version.digest,
        weights,
        approvalId: clearance?.approvalId ?? null,
        ...(clearance?.breakGlassId ? { breakGlassId: clearance.breakGlassId } : {}),
        ...(clearance?.overrides ? { overrides: clearance.overrides } : {}),
      }
      return {
        value: { endpointId, versionId, state: 'deploying' as const },
        audit: { before: { stableVersionId: null }, after, because: reason },
        wake: ['endpoints'],
      }
    },
  )
}

/** For every verb on an endpoint: locked, with what roles are narrowed by. */
export async function loadEndpoint(tx: Tx, endpointId: string) {
  const subject = await lockEndpoint(tx, endpointId)
  if (!subject) return undefined
  const resource = {
    kind: 'endpoint',
    id: subject.id,
    workspaceId: subject.workspaceId,
    environment: subject.environment,
    labels: subject.labels,
  }
  return { subject, resource, name: subject.name }
}
