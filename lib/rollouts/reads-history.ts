import { authorizeRead } from '#lib/access/authorize.ts'
import { selectEntries, type EntryView } from '#lib/audit/entries.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { resourceOf } from './model.ts'
import { selectRollout } from './queries.ts'

const entriesMax = 200

/**
 * What the audit log says of one rollout, newest first: 200 entries at most. Whoever may read the rollout may read its story;
 * refused attempts are left to those who may read the log.
 */
export async function readRolloutHistory(ctx: Ctx, id: string): Promise<EntryView[]> {
  const row = await selectRollout(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such rollout in this workspace.')
  await authorizeRead(ctx, 'rollout:read', resourceOf(row))
  const { entries } = await selectEntries(ctx.db, { workspaceId: ctx.workspaceId, resourceId: id, limit: entriesMax })
  return entries.filter(({ outcome }) => outcome !== 'denied')
}
