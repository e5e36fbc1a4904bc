import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import type { EvidenceView } from './evidence.ts'
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
