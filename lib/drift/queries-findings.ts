import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { Severity } from './finding.ts'
import type { FindingState } from './model.ts'

function findingQuery(db: Reader) {
  return db
    .selectFrom('drift_finding as f')
    .innerJoin('drift_monitor as m', 'm.id', 'f.monitor_id')
    .innerJoin('endpoint as e', 'e.id', 'f.endpoint_id')
    .innerJoin('environment as n', 'n.id', 'e.environment_id')
    .innerJoin('model as o', 'o.id', 'e.model_id')
    .leftJoin('identity as i', 'i.id', 'f.acknowledged_by')
    .select([
      'f.id',
      'f.workspace_id as workspaceId',
      'f.monitor_id as monitorId',
      'm.name as monitorName',
      'f.endpoint_id as endpointId',
      'e.name as endpointName',
      'n.name as environment',
      'o.labels',
      'f.feature',
      'f.level',
      'f.state',
      'f.since',
      'f.last_window_at as lastWindowAt',
      'f.figures',
      'f.attribution',
      'f.because',
      'f.drill',
      'f.opened_at as openedAt',
      'f.acknowledged_at as acknowledgedAt',
      'i.name as acknowledgedBy',
      'f.resolved_at as resolvedAt',
    ])
}

export type FindingRow = Awaited<ReturnType<ReturnType<typeof findingQuery>['execute']>>[number]

export function selectFinding(db: Reader, id: string): Promise<FindingRow | undefined> {
  return findingQuery(db).where('f.id', '=', id).executeTakeFirst()
}

export function lockFinding(tx: Tx, id: string): Promise<FindingRow | undefined> {
  return findingQuery(tx).where('f.id', '=', id).forUpdate('f').executeTakeFirst()
}

export function selectFindings(
  db: Reader,
  filter: {
    workspaceId: string
    endpointId?: string | undefined
    monitorId?: string | undefined
    state?: FindingState | undefined
    before: string | undefined
    limit: number
  },
): Promise<FindingRow[]> {
  let query = findingQuery(db).where('f.workspace_id', '=', filter.workspaceId)
  if (filter.endpointId !== undefined) query = query.where('f.endpoint_id', '=', filter.endpointId)
  if (filter.monitorId !== undefined) query = query.where('f.monitor_id', '=', filter.monitorId)
  if (filter.state !== undefined) query = query.where('f.state', '=', filter.state)
  if (filter.before !== undefined) query = query.where('f.id', '<', filter.before)
  return query.orderBy('f.id', 'desc').limit(filter.limit).execute()
}

/** The findings of a monitor that are not resolved; `lastWindowAt` is the end of the newest pool they account for. */
export function selectStanding(db: Reader, monitorId: string) {
  return db
    .selectFrom('drift_finding')
    .select(['id', 'feature', 'level', 'since', 'last_window_at as lastWindowAt', 'drill'])
    .where('monitor_id', '=', monitorId)
    .where('state', '<>', 'resolved')
    .orderBy('feature')
    .limit(2000)
    .execute()
}

export function selectOpenFindings(db: Reader, endpointId: string) {
  return db
    .selectFrom('drift_finding')
    .select(['id', 'feature', 'level', 'since'])
    .where('endpoint_id', '=', endpointId)
    .where('state', '<>', 'resolved')
    .orderBy('id')
    .limit(1000)
    .execute()
}

export type FindingUpdate = {
  level: Severity
  lastWindowAt: Date
  figures: unknown
  attribution: unknown
  because: string
}

export async function insertFinding(
  tx: Tx,
  row: FindingUpdate & {
    id: string
    workspaceId: string
    monitorId: string
    endpointId: string
    feature: string
    since: Date
    drill: string | null
    now: Date
  },
): Promise<void> {
  await tx
    .insertInto('drift_finding')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      monitor_id: row.monitorId,
      endpoint_id: row.endpointId,
      feature: row.feature,
      level: row.level,
      state: 'open',
      since: row.since,
      last_window_at: row.lastWindowAt,
      figures: json(row.figures),
      attribution: json(row.attribution),
      because: row.because,
      drill: row.drill,
      opened_at: row.now,
      acknowledged_at: null,
      acknowledged_by: null,
      resolved_at: null,
    })
    .execute()
}

/** Brings a finding up to date. A finding that was resolved meanwhile stays as it is. */
export async function updateFinding(tx: Tx, id: string, update: FindingUpdate): Promise<void> {
  await tx
    .updateTable('drift_finding')
    .set({
      level: update.level,
      last_window_at: update.lastWindowAt,
      figures: json(update.figures),
      attribution: json(update.attribution),
      because: update.because,
    })
    .where('id', '=', id)
    .where('state', '<>', 'resolved')
    .execute()
}

export async function markResolved(tx: Tx, id: string, because: string, now: Date): Promise<void> {
  await tx
    .updateTable('drift_finding')
    .set({ state: 'resolved', resolved_at: now, because })
    .where('id', '=', id)
    .where('state', '<>', 'resolved')
    .execute()
}

export async function markAcknowledged(tx: Tx, id: string, by: string, now: Date): Promise<void> {
  await tx
    .updateTable('drift_finding')
    .set({ state: 'acknowledged', acknowledged_at: now, acknowledged_by: by })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .execute()
}
