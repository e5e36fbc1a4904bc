import { sql } from 'kysely'
import type { Reader } from '#lib/platform/db/schema.ts'
import { firstIdAt } from '#lib/platform/ids.ts'
import { readContent, type EntryContent } from './content.ts'

/** An entry as it is shown; what it said is null once it was erased. */
export type EntryView = {
  id: string
  time: Date
  kind: string
  outcome: 'done' | 'denied' | 'found'
  resource: { kind: string; id: string }
  /** Who acted, as a pseudonym that outlives the erasure of who that was. */
  actorId: string | null
  /** The request that it was done by; other entries of the same request have it too. */
  requestId: string | null
  /** The salted digest of the content, as the log has it. */
  digest: string
  /** Its place in the log, or null while the sequencer has not come to it. */
  index: string | null
  content: EntryContent | null
}

export type EntryFilter = {
  workspaceId: string
  limit: number
  /** Only entries older than this one, or newer than this one; at most one of the two. */
  before?: string | undefined
  after?: string | undefined
  kind?: string | undefined
  outcome?: EntryView['outcome'] | undefined
  resourceId?: string | undefined
  actorId?: string | undefined
  resourceKind?: string | undefined
  requestId?: string | undefined
  /** Wall time, from inclusive, to exclusive. */
  from?: Date | undefined
  to?: Date | undefined
  /** Contained in what the entry says, whatever the case. */
  text?: string | undefined
}

export type EntryRows = {
  /** Newest first. */
  entries: EntryView[]
  /** Where the search stopped looking although there may be more; null when it came to its end or filled the page. */
  lookedTo: string | null
}

/**
 * Entries that a search for text or by several filters looks at before it answers with what it has: no index serves every
 * combination, so the work of one page is bounded and the next page goes on where this one stopped looking.
 */
export const lookedAtMax = 5_000

/** Entries of a workspace, newest first by id; with `after`, those next to it. */
export async function selectEntries(db: Reader, filter: EntryFilter): Promise<EntryRows> {
  const isUpwards = filter.after !== undefined
  const window = narrowed(db, filter)
  // A filter that has an index of its own needs no bound: every row that it looks at is one that fits.
  if (isServed(filter)) {
    const rows = await details(db, window.limit(filter.limit), isUpwards).execute()
    return { entries: newestFirst(rows.map(toView), isUpwards), lookedTo: null }
  }
  const looked = await lookThrough(db, filter, isUpwards)
  return { entries: newestFirst(looked.rows.map(toView), isUpwards), lookedTo: looked.lookedTo }
}

/** One entry of a workspace; undefined also when it is of another one. */
export async function selectEntry(db: Reader, workspaceId: string, id: string): Promise<EntryView | undefined> {
  const only = db
    .selectFrom('audit_entry as w')
    .selectAll()
    .where('w.workspace_id', '=', workspaceId)
    .where('w.id', '=', id)
  const row = await details(db, only, false).executeTakeFirst()
  return row && toView(row)
}

type Equality = {
  column: 'kind' | 'outcome' | 'resource_id' | 'actor_id' | 'resource_kind' | 'request_id'
  value: string
}

// In the order in which they leave few entries: the first one is what the window walks along.
function equalities(filter: EntryFilter): Equality[] {
  const all = [
    { column: 'request_id', value: filter.requestId },
    { column: 'resource_id', value: filter.resourceId },
    { column: 'outcome', value: filter.outcome === 'done' ? undefined : filter.outcome },
    { column: 'actor_id', value: filter.actorId },
    { column: 'kind', value: filter.kind },
    { column: 'resource_kind', value: filter.resourceKind },
    { column: 'outcome', value: filter.outcome === 'done' ? 'done' : undefined },
  ] as const
  return all.flatMap(({ column, value }) => (value === undefined ? [] : [{ column, value }]))
}

function isServed(filter: EntryFilter): boolean {
  // Most entries are done, so looking for those needs no index either.
  return filter.text === undefined && equalities(filter).filter((e) => e.value !== 'done').length <= 1
}

/** The workspace's entries in the cursor's direction and the time range, in the order of the walk, with all equalities. */
function narrowed(db: Reader, filter: EntryFilter, equal: readonly Equality[] = equalities(filter)) {
  let query = db.selectFrom('audit_entry as w').selectAll().where('w.workspace_id', '=', filter.workspaceId)
  for (const { column, value } of equal) query = query.where(`w.${column}`, '=', value)
  if (filter.before !== undefined) query = query.where('w.id', '<', filter.before)
  if (filter.after !== undefined) query = query.where('w.id', '>', filter.after)
  // Ids begin with the millisecond at which they were made.
  if (filter.from) query = query.where('w.id', '>=', firstIdAt('entry', filter.from))
  if (filter.to) query = query.where('w.id', '<', firstIdAt('entry', filter.to))
  return query.orderBy('w.id', filter.after === undefined ? 'desc' : 'asc')
}

async function lookThrough(db: Reader, filter: EntryFilter, isUpwards: boolean) {
  const [first, ...rest] = equalities(filter)
  const window = narrowed(db, filter, first ? [first] : []).limit(lookedAtMax)
  let query = details(db, window, isUpwards)
  for (const { column, value } of rest) query = query.where(`e.${column}`, '=', value)
  if (filter.text !== undefined) query = query.where('d.content', 'ilike', containing(filter.text))
  const rows = await query.limit(filter.limit).execute()
  if (rows.length === filter.limit) return { rows, lookedTo: null }
  const end = await db
    .selectFrom(window.as('v'))
    .select(sql<bigint>`count(*)`.as('count'))
    .select(isUpwards ? sql<string | null>`max(v.id)`.as('id') : sql<string | null>`min(v.id)`.as('id'))
    .executeTakeFirst()
  return { rows, lookedTo: end?.count === BigInt(lookedAtMax) ? end.id : null }
}

// The content is JSON text, so what is searched for is written as JSON writes it; % and _ stand for themselves.
function containing(text: string): string {
  return `%${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[\\%_]/g, (c) => `\\${c}`)}%`
}

type Window = ReturnType<typeof narrowed>
type Row = Awaited<ReturnType<ReturnType<typeof details>['execute']>>[number]

function details(db: Reader, window: Window, isUpwards: boolean) {
  return db
    .selectFrom(window.as('e'))
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .leftJoin('audit_leaf as l', 'l.entry_id', 'e.id')
    .select([
      'e.id',
      'e.time',
      'e.kind',
      'e.outcome',
      'e.resource_kind as resourceKind',
      'e.resource_id as resourceId',
      'e.actor_id as actorId',
      'e.request_id as requestId',
      'e.digest',
      'l.index',
      'd.content',
      'd.person',
    ])
    .orderBy('e.id', isUpwards ? 'asc' : 'desc')
}

function newestFirst<T>(rows: T[], isUpwards: boolean): T[] {
  return isUpwards ? rows.toReversed() : rows
}

function toView({ resourceKind, resourceId, index, content, person, ...row }: Row): EntryView {
  return {
    ...row,
    resource: { kind: resourceKind, id: resourceId },
    index: index === null ? null : index.toString(),
    content: readContent(content, person),
  }
}
