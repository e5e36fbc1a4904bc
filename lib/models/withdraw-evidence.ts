import { selectEffectiveRoles } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { canWithdraw, WithdrawEvidenceInput } from './evidence.ts'
import { endEvidence, holdVersion, selectOneEvidence, type EvidenceRow } from './queries-evidence.ts'

/**
 * Takes a piece of evidence back: it counts no longer, and a request that is open becomes a new revision. It stays on
 * record. Only for its producer or an admin.
 */
export async function withdrawEvidence(
  ctx: Ctx,
  input: WithdrawEvidenceInput,
): Promise<{ evidenceId: string; versionId: string; withdrawn: true }> {
  const { evidenceId, reason } = parseInput(WithdrawEvidenceInput, input)
  return mutate(ctx, { action: 'evidence:withdraw', load: (tx) => load(tx, evidenceId) }, async (tx, evidence) => {
    const now = ctx.clock.now()
    const by = { actorId: ctx.actorId, isAdmin: await isAdmin(tx, ctx, evidence, now) }
    const may = canWithdraw({ ...evidence, withdrawnAt: null }, by)
    if (!may.allowed) throw problem('forbidden', may.because, { producedBy: evidence.producedBy.name })
    if (!(await endEvidence(tx, evidenceId, { by: ctx.actorId, because: reason, now })))
      throw problem('conflict', 'It was withdrawn already.', { withdrawnAt: evidence.withdrawnAt })
    const { versionId, kind, digest } = evidence
    return {
      value: { evidenceId, versionId, withdrawn: true as const },
      audit: { before: { kind, digest, withdrawn: false }, after: { kind, digest, withdrawn: true }, because: reason },
      wake: ['approvals'],
    }
  })
}

async function load(tx: Tx, id: string) {
  const found = await selectOneEvidence(tx, id)
  if (!found) return undefined
  await holdVersion(tx, found.versionId, false)
  const subject = (await selectOneEvidence(tx, id)) ?? found
  const { workspaceId, labels, versionId } = subject
  return { subject, resource: { kind: 'version', id: versionId, workspaceId, labels }, name: `${subject.kind} ${id}` }
}

async function isAdmin(tx: Tx, ctx: Ctx, evidence: EvidenceRow, now: Date): Promise<boolean> {
  const of = { workspaceId: ctx.workspaceId, identityIds: [ctx.actorId], labels: evidence.labels, now, lock: true }
  return (await selectEffectiveRoles(tx, of)).some((held) => held.role === 'admin')
}
