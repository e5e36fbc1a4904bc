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

/** The environment and the versions of a model that a gate asks for, by digest or version or both. */
export async function selectGated(
  db: Reader,
  asked: {
    workspaceId: string
    model: string
    environment: string
    digest?: string | undefined
    version?: string | undefined
  },
) {
  const environment = await db
    .selectFrom('environment')
    .select('id')
    .where('workspace_id', '=', asked.workspaceId)
    .where('name', '=', asked.environment)
    .executeTakeFirst()
  let query = db
    .selectFrom('model_version as v')
    .innerJoin('model as m', 'm.id', 'v.model_id')
    .select(['v.id', 'v.version', 'v.digest', 'm.labels'])
    .where('m.workspace_id', '=', asked.workspaceId)
    .where('m.name', '=', asked.model)
  if (asked.digest !== undefined) query = query.where('v.digest', '=', asked.digest)
  if (asked.version !== undefined) query = query.where('v.version', '=', asked.version)
  return { environmentId: environment?.id, versions: await query.orderBy('v.id').limit(2).execute() }
}
