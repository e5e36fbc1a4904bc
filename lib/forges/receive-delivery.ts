import { createHash } from 'node:crypto'
import { attachEvidence } from '#lib/models/attach-evidence.ts'
import { findVersion, findVersionsOfCommit } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { insertDelivery, selectForge, wasDelivered, type DeliveryKey, type ForgeRow } from './queries.ts'
import { readRun, type SucceededRun } from './read-run.ts'
import { openHookSecret } from './sealed.ts'
import { verifyDelivery, type DeliveryHeaders } from './verify-delivery.ts'

/**
 * A webhook of a connected repository. A pipeline that succeeded becomes evidence of the kind `ci-run` of every version whose
 * lineage names its commit, once for each whatever is sent again; anything else that is signed changes nothing.
 * @returns how many versions have new evidence
 * @throws `unauthenticated` for what the connection's secret does not sign (it does not say whether there is such a
 * connection), `invalid` for what is signed and cannot be read, is of another repository or is too old
 */
export async function receiveDelivery(
  system: System,
  input: { forgeId: string; headers: DeliveryHeaders; body: Uint8Array },
): Promise<{ recorded: number }> {
  const now = system.clock.now()
  const { forge, deliveryId } = await verified(system, input, now)
  const event = input.headers[forge.kind === 'github' ? 'x-github-event' : 'x-gitlab-event']
  const read = readRun(forge.kind, event, parsed(input.body), now)
  if (read.kind === 'invalid') throw refused(read.because)
  if (read.kind === 'other') return { recorded: 0 }
  if (read.run.repository.toLowerCase() !== forge.repository.toLowerCase())
    throw refused(`it is of ${read.run.repository}, not of ${forge.repository}`)
  const bodyDigest = `sha256:${createHash('sha256').update(input.body).digest('hex')}`
  let recorded = 0
  for (const versionId of await findVersionsOfCommit(system.db, forge.workspaceId, read.run.commit)) {
    const key = { forgeId: forge.id, bodyDigest, deliveryId, versionId }
    if (await wasDelivered(system.db, key)) continue
    await recordRun(system, forge, key, read.run)
    recorded += 1
  }
  return { recorded }
}

async function verified(
  system: System,
  { forgeId, headers, body }: { forgeId: string; headers: DeliveryHeaders; body: Uint8Array },
  now: Date,
): Promise<{ forge: ForgeRow; deliveryId: string }> {
  const forge = await selectForge(system.db, forgeId)
  const sealed = forge?.sealedHookSecret ?? null
  const secret = sealed === null ? undefined : openHookSecret(system.secrets, forgeId, sealed)
  const told = verifyDelivery(forge?.kind ?? 'github', secret ?? 'no such connection', headers, body, now)
  if (forge && secret !== undefined && told.ok) return { forge, deliveryId: told.deliveryId }
  const because = told.ok ? 'there is no such connection' : told.because
  system.log.info({ forgeId, because }, 'a webhook was refused')
  throw problem('unauthenticated', 'This delivery is not signed by a repository that is connected here.')
}

/** One governed write for each version, so that its log says where its evidence came from. */
function recordRun(system: System, forge: ForgeRow, key: DeliveryKey, run: SucceededRun): Promise<void> {
  const ctx = workerCtx(system, forge.workspaceId)
  const { finishedAt, ...told } = run
  return mutate(
    ctx,
    {
      action: 'evidence:add',
      load: async (tx) => {
        const version = await findVersion(tx, key.versionId)
        if (!version) return undefined
        const { id, workspaceId, labels, modelName } = version
        const resource = { kind: 'version', id, workspaceId, labels }
        return { subject: version, resource, name: `${modelName}@${version.version}` }
      },
    },
    async (tx, version) => {
      const now = ctx.clock.now()
      const made = await attachEvidence(tx, ctx, {
        version,
        kind: 'ci-run',
        content: { result: 'passed', forge: forge.kind, ...told },
        measuredAt: finishedAt > now ? now : finishedAt,
        source: { kind: 'ci', id: `${forge.kind}:${run.repository}/runs/${run.runId}`.slice(0, 300), url: run.url },
      })
      if (!(await insertDelivery(tx, { ...key, evidenceId: made.id, now })))
        throw problem('conflict', 'This delivery was taken at the same moment.', { deliveryId: key.deliveryId })
      const { kind, digest, statementDigest, content } = made
      const after = { kind, digest, statementDigest, content, forgeId: forge.id, deliveryId: key.deliveryId }
      const because = `${forge.name} says that run ${run.runId} of ${run.repository} succeeded.`
      return { value: undefined, audit: { after, because }, wake: ['approvals'] }
    },
  )
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw problem(
      'invalid',
      'The delivery is not JSON.',
      { errors: [{ path: 'body', message: 'must be JSON' }] },
      { cause },
    )
  }
}

function refused(because: string) {
  return problem('invalid', `The delivery is refused: ${because}.`, { errors: [{ path: 'body', message: because }] })
}
