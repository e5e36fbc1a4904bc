import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { EventKind, IncidentState } from './model.ts'
import type { IncidentKind, IncidentSeverity } from './rules.ts'

/** More lines of the log than this say no more: the log itself has them. */
const linesMax = 500

function incidentQuery(db: Reader) {
  return db
    .selectFrom('incident as n')
    .innerJoin('identity as o', 'o.id', 'n.opened_by')
    .leftJoin('identity as a', 'a.id', 'n.acknowledged_by')
    .leftJoin('identity as r', 'r.id', 'n.resolved_by')
    .leftJoin('endpoint as p', 'p.id', 'n.endpoint_id')
    .leftJoin('environment as e', 'e.id', 'p.environment_id')
    .leftJoin('model as m', 'm.id', 'p.model_id')
    .select([
      'n.id',
      'n.workspace_id as workspaceId',
      'n.fingerprint',
      'n.kind',
      'n.title',
      'n.severity',
      'n.state',
      'n.endpoint_id as endpointId',
      'p.name as endpointName',
      'e.name as environment',
      'm.labels',
      'n.rollout_id as rolloutId',
      'n.drill',
      'n.because',
      'n.opened_at as openedAt',
      'n.opened_by as openedById',
      'o.name as openedByName',
      'n.acknowledged_at as acknowledgedAt',
      'n.acknowledged_by as acknowledgedById',
      'a.name as acknowledgedByName',
      'n.resolved_at as resolvedAt',
      'n.resolved_by as resolvedById',
      'r.name as resolvedByName',
    ])
}

export type IncidentRow = Awaited<ReturnType<ReturnType<typeof incidentQuery>['execute']>>[number]

export function selectIncident(db: Reader, id: string): Promise<IncidentRow | undefined> {
  return incidentQuery(db).where('n.id', '=', id).executeTakeFirst()
}

export function lockIncident(tx: Tx, id: string): Promise<IncidentRow | undefined> {
  return incidentQuery(tx).where('n.id', '=', id).forUpdate('n').executeTakeFirst()
}

/** The incident of that fingerprint that is not resolved, locked; there is at most one. */
export function lockUnresolved(tx: Tx, workspaceId: string, fingerprint: string): Promise<IncidentRow | undefined> {
  return incidentQuery(tx)
    .where('n.workspace_id', '=', workspaceId)
    .where('n.fingerprint', '=', fingerprint)
    .where('n.state', '<>', 'resolved')
    .forUpdate('n')
    .executeTakeFirst()
}

/** What the feed's follower has to know before it opens a transaction for an entry. */
export async function selectStanding(
  db: Reader,
  where: { workspaceId: string; fingerprint: string; entryId: string },
): Promise<{ open: { state: IncidentState; title: string } | undefined; isHandled: boolean }> {
  const open = db
    .selectFrom('incident')
    .select(['state', 'title'])
    .where('workspace_id', '=', where.workspaceId)
    .where('fingerprint', '=', where.fingerprint)
    .where('state', '<>', 'resolved')
  const handled = db
    .selectFrom('incident_event')
    .select('id')
    .where('entry_id', '=', where.entryId)
    .where('kind', '<>', 'entry')
  return { open: await open.executeTakeFirst(), isHandled: (await handled.executeTakeFirst()) !== undefined }
}

export async function selectIncidents(
  db: Reader,
  filter: {
    workspaceId: string
    before?: string | undefined
    limit: number
    state?: IncidentState | undefined
    unresolved?: boolean | undefined
    endpointId?: string | undefined
    rolloutId?: string | undefined
  },
): Promise<IncidentRow[]> {
  let query = incidentQuery(db).where('n.workspace_id', '=', filter.workspaceId)
  if (filter.before !== undefined) query = query.where('n.id', '<', filter.before)
  if (filter.state !== undefined) query = query.where('n.state', '=', filter.state)
  if (filter.unresolved === true) query = query.where('n.state', '<>', 'resolved')
  if (filter.endpointId !== undefined) query = query.where('n.endpoint_id', '=', filter.endpointId)
  if (filter.rolloutId !== undefined) query = query.where('n.rollout_id', '=', filter.rolloutId)
  return query.orderBy('n.id', 'desc').limit(filter.limit).execute()
}

export type NewIncident = {
  id: string
  workspaceId: string
  fingerprint: string
  kind: IncidentKind
  title: string
  severity: IncidentSeverity
  state: IncidentState
  endpointId: string | null
  rolloutId: string | null
  drill: string | null
  because: string
  openedAt: Date
  openedBy: string
  openedByEntry: string | null
}

export async function insertIncident(tx: Tx, incident: NewIncident): Promise<void> {
  await tx
    .insertInto('incident')
    .values({
      id: incident.id,
      workspace_id: incident.workspaceId,
      fingerprint: incident.fingerprint,
      kind: incident.kind,
      title: incident.title,
      severity: incident.severity,
      state: incident.state,
      endpoint_id: incident.endpointId,
      rollout_id: incident.rolloutId,
      drill: incident.drill,
      because: incident.because,
      opened_at: incident.openedAt,
      opened_by: incident.openedBy,
      opened_by_entry: incident.openedByEntry,
      acknowledged_at: null,
      acknowledged_by: null,
      resolved_at: null,
      resolved_by: null,
    })
    .execute()
}

/** What changes of an incident that is not resolved; false when it was resolved meanwhile. */
export async function updateIncident(
  tx: Tx,
  id: string,
  to: Partial<{
    kind: IncidentKind
    title: string
    severity: IncidentSeverity
    because: string
    state: IncidentState
    acknowledged_at: Date
    acknowledged_by: string
    resolved_at: Date
    resolved_by: string
  }>,
): Promise<boolean> {
  const result = await tx
    .updateTable('incident')
    .set(to)
    .where('id', '=', id)
    .where('state', '<>', 'resolved')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export async function insertEvent(
  tx: Tx,
  event: { incidentId: string; at: Date; kind: EventKind; text: string; entryId?: string; actorId?: string },
): Promise<void> {
  await tx
    .insertInto('incident_event')
    .values({
      incident_id: event.incidentId,
      at: event.at,
      kind: event.kind,
      text: event.text,
      entry_id: event.entryId ?? null,
      actor_id: event.actorId ?? null,
    })
    .execute()
}

/**
 * Adds an entry of the log to the timeline of every incident that is open about its endpoint or rollout, unless it is older,
 * is there already or the timeline is full.
 */
export async function insertLines(
  tx: Tx,
  line: {
    workspaceId: string
    entryId: string
    at: Date
    text: string
    endpointId: string | undefined
    rolloutId: string | undefined
  },
): Promise<void> {
  await sql`
    insert into incident_event (incident_id, at, kind, text, entry_id)
    select n.id, ${line.at}::timestamptz, 'entry', ${line.text}::text, ${line.entryId}::text from incident n
    where n.workspace_id = ${line.workspaceId} and n.state <> 'resolved' and n.opened_at <= ${line.at}
      and (n.endpoint_id = ${line.endpointId ?? null}::text or n.rollout_id = ${line.rolloutId ?? null}::text)
      and (select count(*) from incident_event v where v.incident_id = n.id and v.kind = 'entry') < ${linesMax}
    on conflict (incident_id, entry_id) do nothing`.execute(tx)
}
