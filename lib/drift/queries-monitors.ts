import { sql } from 'kysely'
import type { Claim } from '#lib/platform/claim.ts'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'

/** A profile with whose model it is of. */
export function selectProfile(db: Reader, id: string) {
  return db
    .selectFrom('drift_profile as p')
    .innerJoin('model_version as v', 'v.id', 'p.version_id')
    .select([
      'p.id',
      'p.workspace_id as workspaceId',
      'v.model_id as modelId',
      'p.version_id as versionId',
      'p.digest',
      'p.content',
      'p.source',
      'p.rows',
      'p.created_at as createdAt',
    ])
    .where('p.id', '=', id)
    .executeTakeFirst()
}

export function selectProfilesOf(db: Reader, workspaceId: string, versionId: string) {
  return db
    .selectFrom('drift_profile')
    .select(['id', 'version_id as versionId', 'digest', 'source', 'rows', 'created_at as createdAt'])
    .where('workspace_id', '=', workspaceId)
    .where('version_id', '=', versionId)
    .orderBy('id', 'desc')
    .limit(200)
    .execute()
}

/** False when the version has a profile of this digest already. */
export async function insertProfile(
  tx: Tx,
  row: {
    id: string
    workspaceId: string
    versionId: string
    digest: string
    content: unknown
    source: string
    rows: number
    createdAt: Date
    createdBy: string
  },
): Promise<boolean> {
  const result = await tx
    .insertInto('drift_profile')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      version_id: row.versionId,
      digest: row.digest,
      content: json(row.content),
      source: row.source,
      rows: BigInt(row.rows),
      created_at: row.createdAt,
      created_by: row.createdBy,
    })
    .onConflict((c) => c.columns(['version_id', 'digest']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export type NewMonitor = {
  id: string
  workspaceId: string
  endpointId: string
  profileId: string
  name: string
  windowSeconds: number
  policyName: string
  policyDigest: string
  policy: unknown
  labelFeatures: string[]
  latenessSeconds: number
  now: Date
}

/** False when the endpoint has a monitor of that name. */
export async function insertMonitor(tx: Tx, row: NewMonitor): Promise<boolean> {
  const result = await tx
    .insertInto('drift_monitor')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      endpoint_id: row.endpointId,
      profile_id: row.profileId,
      name: row.name,
      window_seconds: row.windowSeconds,
      policy_name: row.policyName,
      policy_digest: row.policyDigest,
      policy: json(row.policy),
      label_features: row.labelFeatures,
      lateness_seconds: row.latenessSeconds,
      created_at: row.now,
      evaluated_until: null,
      due_at: row.now,
      lease_until: null,
      lease_holder: null,
    })
    .onConflict((c) => c.columns(['endpoint_id', 'name']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

function monitorQuery(db: Reader) {
  return db
    .selectFrom('drift_monitor as m')
    .innerJoin('endpoint as e', 'e.id', 'm.endpoint_id')
    .innerJoin('environment as n', 'n.id', 'e.environment_id')
    .innerJoin('model as o', 'o.id', 'e.model_id')
    .leftJoin('drift_watermark as w', 'w.monitor_id', 'm.id')
    .select([
      'm.id',
      'm.workspace_id as workspaceId',
      'm.endpoint_id as endpointId',
      'e.name as endpointName',
      'n.name as environment',
      'o.labels',
      'm.profile_id as profileId',
      'm.name',
      'm.window_seconds as windowSeconds',
      'm.lateness_seconds as latenessSeconds',
      'm.label_features as labelFeatures',
      'm.policy_name as policyName',
      'm.policy_digest as policyDigest',
      'm.policy',
      'm.evaluated_until as evaluatedUntil',
      'm.last_result as lastResult',
      'm.created_at as createdAt',
      'm.fence',
      'w.newest_event_at as newestEventAt',
    ])
}

export type MonitorRow = Awaited<ReturnType<ReturnType<typeof monitorQuery>['execute']>>[number]

export function selectMonitor(db: Reader, id: string): Promise<MonitorRow | undefined> {
  return monitorQuery(db).where('m.id', '=', id).executeTakeFirst()
}

export function lockMonitor(tx: Tx, id: string): Promise<MonitorRow | undefined> {
  return monitorQuery(tx).where('m.id', '=', id).forUpdate('m').executeTakeFirst()
}

export function selectMonitors(
  db: Reader,
  filter: { workspaceId: string; endpointId?: string | undefined; before: string | undefined; limit: number },
): Promise<MonitorRow[]> {
  let query = monitorQuery(db).where('m.workspace_id', '=', filter.workspaceId)
  if (filter.endpointId !== undefined) query = query.where('m.endpoint_id', '=', filter.endpointId)
  if (filter.before !== undefined) query = query.where('m.id', '<', filter.before)
  return query.orderBy('m.id', 'desc').limit(filter.limit).execute()
}

/** The counts of the windows that begin in [from, to), by window and feature. */
export function selectCounts(db: Reader, monitorId: string, from: Date, to: Date) {
  return db
    .selectFrom('drift_count')
    .select(['feature', 'window_at as windowAt', 'counts'])
    .where('monitor_id', '=', monitorId)
    .where('window_at', '>=', from)
    .where('window_at', '<', to)
    .orderBy('window_at')
    .orderBy('feature')
    .limit(500_000)
    .execute()
}

/** The windows with counts that begin at `from` or later, oldest first, and the newest one before it. */
export async function selectCountedWindows(db: Reader, monitorId: string, from: Date, limit: number) {
  const { rows } = await sql<{ at: Date }>`
    (select max(window_at) as at from drift_count where monitor_id = ${monitorId} and window_at < ${from})
    union all
    (select distinct window_at as at from drift_count where monitor_id = ${monitorId} and window_at >= ${from}
     order by 1 limit ${limit})`.execute(db)
  const [before, ...counted] = rows
  return { before: before?.at ?? null, counted: counted.map((row) => row.at).sort((a, b) => Number(a) - Number(b)) }
}

/** Notes that the monitor was evaluated up to `until`. False when this worker has lost its claim. */
export async function advanceMonitor(
  tx: Tx,
  claim: Claim,
  evaluation: { windowAt: Date; until: Date; result: unknown; policyDigest: string; now: Date },
): Promise<boolean> {
  const result = json(evaluation.result)
  const moved = await tx
    .updateTable('drift_monitor')
    .set({ evaluated_until: evaluation.until, last_result: result })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .executeTakeFirst()
  if (moved.numUpdatedRows !== 1n) return false
  await tx
    .insertInto('drift_result')
    .values({
      monitor_id: claim.id,
      window_at: evaluation.windowAt,
      at: evaluation.now,
      policy_digest: evaluation.policyDigest,
      result,
    })
    .onConflict((c) => c.doNothing())
    .execute()
  return true
}

/** What was decided at each window, newest first. */
export function selectResults(db: Reader, monitorId: string, limit: number) {
  return db
    .selectFrom('drift_result')
    .select(['window_at as windowAt', 'at', 'policy_digest as policyDigest', 'result'])
    .where('monitor_id', '=', monitorId)
    .orderBy('window_at', 'desc')
    .limit(limit)
    .execute()
}

/** The drill that the workspace's demonstration runs, if any. */
export async function selectDrill(db: Reader, workspaceId: string): Promise<{ label: string; fromMs: number } | null> {
  const { rows } = await sql<{ label: string | null; fromMs: number | null }>`
    select state #>> '{drill,label}' as label, (state #>> '{drill,fromMs}')::double precision as "fromMs"
    from demo_state where workspace_id = ${workspaceId}`.execute(db)
  const [row] = rows
  return row?.label ? { label: row.label, fromMs: row.fromMs ?? -Infinity } : null
}
