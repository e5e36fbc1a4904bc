import type { Reader } from '#lib/platform/db/schema.ts'
import { EntryContent } from './content.ts'

/** An entry as it is shown; what it said is null once it was erased. */
export type EntryView = {
  id: string
  time: Date
  kind: string
  outcome: 'done' | 'denied' | 'found'
  resource: { kind: string; id: string }
  /** The salted digest of the content, as the log has it. */
  digest: string
  /** Its place in the log, or null while the sequencer has not come to it. */
  index: string | null
  content: EntryContent | null
}

export type EntryFilter = {
  workspaceId: string
  limit: number
  before?: string | undefined
  kind?: string | undefined
  outcome?: EntryView['outcome'] | undefined
  resourceId?: string | undefined
  actorId?: string | undefined
  resourceKind?: string | undefined
  /** Wall time, from inclusive, to exclusive. */
  from?: Date | undefined
  to?: Date | undefined
  /** Contained in what the entry says, whatever the case. */
  text?: string | undefined
}

/** Entries of a workspace, newest first by id. */
export async function selectEntries(db: Reader, filter: EntryFilter): Promise<EntryView[]> {
  let query = entryQuery(db).where('e.workspace_id', '=', filter.workspaceId)
  if (filter.before) query = query.where('e.id', '<', filter.before)
  if (filter.kind) query = query.where('e.kind', '=', filter.kind)
  if (filter.outcome) query = query.where('e.outcome', '=', filter.outcome)
  if (filter.resourceId) query = query.where('e.resource_id', '=', filter.resourceId)
  if (filter.actorId) query = query.where('e.actor_id', '=', filter.actorId)
  if (filter.resourceKind) query = query.where('e.resource_kind', '=', filter.resourceKind)
  if (filter.from) query = query.where('e.time', '>=', filter.from)
  if (filter.to) query = query.where('e.time', '<', filter.to)
  if (filter.text) query = query.where('d.content', 'ilike', containing(filter.text))
  return (await query.orderBy('e.id', 'desc').limit(filter.limit).execute()).map(toView)
}

/** One entry of a workspace; undefined also when it is of another one. */
export async function selectEntry(db: Reader, workspaceId: string, id: string): Promise<EntryView | undefined> {
  const row = await entryQuery(db).where('e.workspace_id', '=', workspaceId).where('e.id', '=', id).executeTakeFirst()
  return row && toView(row)
}

// The content is JSON text, so what is searched for is written as JSON writes it; % and _ stand for themselves.
function containing(text: string): string {
  return `%${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[\\%_]/g, (c) => `\\${c}`)}%`
}

type Row = Awaited<ReturnType<ReturnType<typeof entryQuery>['execute']>>[number]

function entryQuery(db: Reader) {
  return db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .leftJoin('audit_leaf as l', 'l.entry_id', 'e.id')
    .select([
      'e.id',
      'e.time',
      'e.kind',
      'e.outcome',
      'e.resource_kind as resourceKind',
      'e.resource_id as resourceId',
      'e.digest',
      'l.index',
      'd.content',
    ])
}

function toView({ resourceKind, resourceId, index, content, ...row }: Row): EntryView {
  return {
    ...row,
    resource: { kind: resourceKind, id: resourceId },
    index: index === null ? null : index.toString(),
    content: content === null ? null : EntryContent.parse(JSON.parse(content)),
  }
}
