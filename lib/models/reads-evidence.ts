import { authorizeRead } from '#lib/access/authorize.ts'
import { selectEffectiveRoles } from '#lib/access/effective-roles.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { canWithdraw, type EvidenceView } from './evidence.ts'
import { selectVersion } from './queries.ts'
import { holdVersion, selectEvidence, type EvidenceRow } from './queries-evidence.ts'

/** The evidence of a version, oldest first, with what was withdrawn: at most 200 pieces. */
export async function listEvidence(ctx: Ctx, versionId: string): Promise<EvidenceView[]> {
  const version = await selectVersion(ctx.db, versionId)
  if (version?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such version in this workspace.')
  const { id, workspaceId, labels } = version
  await authorizeRead(ctx, 'model:read', { kind: 'version', id, workspaceId, labels })
  return (await selectEvidence(ctx.db, versionId, true)).map(toView)
}

/** The same with what the caller may do with each piece, as the verb judges it; what role may withdraw at all is asked of access. */
export async function listEvidenceFor(
  ctx: Ctx,
  versionId: string,
): Promise<(EvidenceView & { mine: { withdraw: ReturnType<typeof canWithdraw> } })[]> {
  const items = await listEvidence(ctx, versionId)
  const version = await selectVersion(ctx.db, versionId)
  const of = { workspaceId: ctx.workspaceId, identityIds: [ctx.actorId], labels: version?.labels ?? [] }
  const held = await selectEffectiveRoles(ctx.db, { ...of, now: ctx.clock.now(), lock: false })
  const by = { actorId: ctx.actorId, isAdmin: held.some(({ role }) => role === 'admin') }
  return items.map((item) => ({ ...item, mine: { withdraw: canWithdraw(item, by) } }))
}

/** For verbs of domains above: the evidence that stands. */
export function findEvidence(db: Reader, versionId: string): Promise<EvidenceRow[]> {
  return selectEvidence(db, versionId)
}

/** As above, in a transaction that counts on it: nobody adds or withdraws until it ends. */
export async function findEvidenceHeld(tx: Tx, versionId: string): Promise<EvidenceRow[]> {
  await holdVersion(tx, versionId, true)
  return selectEvidence(tx, versionId)
}

function toView(row: EvidenceRow): EvidenceView {
  const { workspaceId: _, labels: __, ...view } = row
  return view
}
