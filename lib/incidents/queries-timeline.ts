import { sql } from 'kysely'
import { readContent } from '#lib/audit/content.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import type { ChangeBefore, EventKind, TimelineEvent } from './model.ts'

const eventsMax = 1000
const changesMax = 50

/** The newest thousand events of an incident, oldest first. */
export async function selectTimeline(db: Reader, incidentId: string): Promise<TimelineEvent[]> {
  const rows = await db
    .selectFrom('incident_event as v')
    .leftJoin('identity as i', 'i.id', 'v.actor_id')
    .select(['v.id', 'v.at', 'v.kind', 'v.text', 'v.entry_id as entryId', 'i.name as by'])
    .where('v.incident_id', '=', incidentId)
    .orderBy('v.at', 'desc')
    .orderBy('v.id', 'desc')
    .limit(eventsMax)
    .execute()
  return rows.toReversed().map((r) => ({ ...r, id: r.id.toString(), kind: r.kind as EventKind }))
}

/**
 * What was done in [from, until) that names the endpoint or the rollout, or with neither anything that was done in the
 * workspace: oldest first, the newest fifty. Observations and refusals change nothing and are left out.
 */
export async function selectChanges(
  db: Reader,
  about: { workspaceId: string; endpointId: string | null; rolloutId: string | null; from: Date; until: Date },
): Promise<ChangeBefore[]> {
  const ids = [about.endpointId, about.rolloutId].filter((id) => id !== null)
  let query = db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select([
      'e.id',
      'e.time',
      'e.kind',
      'e.resource_kind as resourceKind',
      'e.resource_id as resourceId',
      'd.content',
      'd.person',
    ])
    .where('e.workspace_id', '=', about.workspaceId)
    // Ids begin with the millisecond at which they were made, so the index on them finds the hour.
    .where('e.id', '>=', firstIdAt(about.from))
    .where('e.id', '<', firstIdAt(about.until))
    .where('e.outcome', '=', 'done')
    .where('e.resource_kind', '<>', 'incident')
    .where('d.content', 'is not', null)
  if (ids.length > 0)
    query = query.where((w) =>
      w.or(ids.flatMap((id) => [w('e.resource_id', '=', id), sql<boolean>`position(${id} in d.content) > 0`])),
    )
  const rows = await query.orderBy('e.id', 'desc').limit(changesMax).execute()
  return rows.toReversed().flatMap((row) => {
    const content = readContent(row.content, row.person)
    if (!content) return []
    const { name } = content.resource
    return {
      entryId: row.id,
      at: row.time,
      action: row.kind,
      resource: { kind: row.resourceKind, id: row.resourceId, name: name ?? null },
      because: content.because,
      by: content.actor.name,
    }
  })
}

export type FiguresRow = {
  opened: number
  drills: number
  unresolved: number
  acknowledgeSeconds: number | null
  resolveSeconds: number | null
}

/** Over the incidents that opened in [from, to): drills are counted apart and are in no mean. */
export async function selectFigures(db: Reader, workspaceId: string, from: Date, to: Date): Promise<FiguresRow> {
  const { rows } = await sql<FiguresRow>`
    select (count(*) filter (where drill is null))::int as opened, (count(*) filter (where drill is not null))::int as drills,
      (count(*) filter (where drill is null and state <> 'resolved'))::int as unresolved,
      (avg(extract(epoch from acknowledged_at - opened_at)) filter (where drill is null))::float8 as "acknowledgeSeconds",
      (avg(extract(epoch from resolved_at - opened_at)) filter (where drill is null))::float8 as "resolveSeconds"
    from incident where workspace_id = ${workspaceId} and opened_at >= ${from} and opened_at < ${to}`.execute(db)
  const [row] = rows
  if (!row) throw new Error('a count without groups gave no row')
  return row
}

/** The least id of an entry that can be made at that millisecond: the prefix and the ten characters that hold the time. */
function firstIdAt(at: Date): string {
  return newId('entry', at).slice(0, 'ae_'.length + 10)
}
