import type { Reader } from '#lib/platform/db/schema.ts'

/** The newest signed head of the log. */
export async function selectHead(db: Reader) {
  const row = await db.selectFrom('audit_checkpoint').selectAll().orderBy('size', 'desc').limit(1).executeTakeFirst()
  return row && { ...row, size: Number(row.size) }
}

/** The leaves from `from` up to but without `to`, in order. */
export async function selectLeaves(db: Reader, from: number, to: number): Promise<Buffer[]> {
  const rows = await db
    .selectFrom('audit_leaf')
    .select('leaf')
    .where('index', '>=', BigInt(from))
    .where('index', '<', BigInt(to))
    .orderBy('index')
    .execute()
  return rows.map((r) => r.leaf)
}

/** Contents and salts of a workspace's entries below `size`, in the log's order, after a place. */
export function selectContents(db: Reader, page: { workspaceId: string; after: number; size: number; limit: number }) {
  return db
    .selectFrom('audit_leaf as l')
    .innerJoin('audit_entry as e', 'e.id', 'l.entry_id')
    .innerJoin('audit_detail as d', 'd.entry_id', 'l.entry_id')
    .select(['l.index', 'd.content', 'd.salt', 'd.person', 'd.person_salt as personSalt'])
    .where('e.workspace_id', '=', page.workspaceId)
    .where('l.index', '>', BigInt(page.after))
    .where('l.index', '<', BigInt(page.size))
    .orderBy('l.index')
    .limit(page.limit)
    .execute()
}

/** The place of an entry in the log and its leaf; undefined while it has none. */
export function selectLeafOf(db: Reader, entryId: string) {
  return db.selectFrom('audit_leaf').select(['index', 'leaf']).where('entry_id', '=', entryId).executeTakeFirst()
}
