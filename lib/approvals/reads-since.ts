import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { changesBetween, partsOf, type RevisionChange } from './decide.ts'
import type { ApprovalState, ApprovalSubject } from './model.ts'
import { selectApproval, selectRevision } from './queries.ts'

/** The revision before, and what differs: of the digests that a revision binds, and whole for a table of differences. */
export type SinceRevision = {
  approvalId: string
  revision: number
  /** What became of it. */
  state: ApprovalState
  because: string
  changed: RevisionChange[]
  subject: ApprovalSubject
}

/** What changed since the last revision for the same version and environment; null when a request is the first. */
export async function readSinceRevision(ctx: Ctx, approvalId: string): Promise<SinceRevision | null> {
  const row = await selectApproval(ctx.db, approvalId)
  if (row?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such approval request in this workspace.')
  const { id, workspaceId, environment, labels, versionId, environmentId } = row
  await authorizeRead(ctx, 'approval:read', { kind: 'approval', id, workspaceId, environment, labels })
  if (row.revision < 2) return null
  const before = await selectRevision(ctx.db, { versionId, environmentId, revision: row.revision - 1 })
  if (!before) return null
  const { revision, state, because, subject } = before
  const changed = changesBetween(partsOf(subject, before.policyDigest), partsOf(row.subject, row.policyDigest))
  return { approvalId: before.id, revision, state, because, changed, subject }
}
