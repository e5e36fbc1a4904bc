import type { Reader } from '#lib/platform/db/schema.ts'

/** The entries about things, in the order of the log, each with its leaf where it has a place; at most `limit`. */
export async function selectEntriesAbout(
  db: Reader,
  of: { workspaceId: string; ids: readonly string[]; limit: number },
) {
  if (of.ids.length === 0) return []
  return db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .innerJoin('audit_leaf as l', 'l.entry_id', 'e.id')
    .select(['e.id', 'e.time', 'e.kind', 'e.outcome', 'd.content', 'd.person', 'd.salt', 'l.index', 'l.leaf'])
    .where('e.workspace_id', '=', of.workspaceId)
    .where('e.resource_id', 'in', of.ids)
    .orderBy('l.index')
    .limit(of.limit)
    .execute()
}
