import { authorizeRead } from '#lib/access/authorize.ts'
import { selectEntries, selectEntry, type EntryFilter, type EntryView } from '#lib/audit/entries.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'

export type ListEntriesInput = { limit?: number; cursor?: string | undefined } & Pick<
  EntryFilter,
  'kind' | 'outcome' | 'resourceId' | 'actorId'
>

/** The audit entries of the workspace, newest first: who did what, and why. */
export async function listEntries(ctx: Ctx, input: ListEntriesInput = {}): Promise<Page<EntryView>> {
  await authorizeRead(ctx, 'audit:read')
  const { limit = 50, cursor, ...filter } = input
  const before = decodeCursor(cursor)
  const rows = await selectEntries(ctx.db, { ...filter, workspaceId: ctx.workspaceId, before, limit: limit + 1 })
  return pageOf(rows, limit, (e) => e.id)
}

/** One audit entry of the workspace. */
export async function readEntry(ctx: Ctx, id: string): Promise<EntryView> {
  await authorizeRead(ctx, 'audit:read')
  const entry = await selectEntry(ctx.db, ctx.workspaceId, id)
  if (!entry) throw problem('not-found', 'There is no such audit entry in this workspace.')
  return entry
}
