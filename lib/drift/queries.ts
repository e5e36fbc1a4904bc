import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { DriftRow } from './fold.ts'

/** Which monitors count the events of these endpoints. */
export function selectMonitorIds(db: Reader, endpointIds: readonly string[]) {
  return db
    .selectFrom('drift_monitor')
    .select(['id', 'endpoint_id as endpointId'])
    .where('endpoint_id', 'in', endpointIds)
    .orderBy('id')
    .limit(10_000)
    .execute()
}

/** What the fold needs of these monitors; none of it ever changes. */
export function selectFoldMonitors(db: Reader, ids: readonly string[]) {
  return db
    .selectFrom('drift_monitor as m')
    .innerJoin('drift_profile as p', 'p.id', 'm.profile_id')
    .select([
      'm.id',
      'm.endpoint_id as endpointId',
      'm.profile_id as profileId',
      'm.window_seconds as windowSeconds',
      'm.label_features as labelFeatures',
      'm.policy',
      'p.content as profile',
    ])
    .where('m.id', 'in', ids)
    .execute()
}

/** Adds count vectors to what is stored, in one statement. The caller gives the rows in a fixed order. */
export async function addDriftCounts(tx: Tx, rows: readonly DriftRow[]): Promise<void> {
  if (rows.length === 0) return
  // A vector travels as the text of an array: unnest would flatten an array of arrays.
  await sql`
    insert into drift_count as old (monitor_id, feature, window_at, counts)
    select monitor_id, feature, window_at, counts::bigint[] from unnest(
      ${rows.map((r) => r.monitorId)}::text[], ${rows.map((r) => r.feature)}::text[],
      ${rows.map((r) => new Date(r.windowAtMs))}::timestamptz[], ${rows.map((r) => `{${String(r.counts)}}`)}::text[])
      as t (monitor_id, feature, window_at, counts)
    on conflict (monitor_id, feature, window_at) do update set counts = (
      select array_agg(a + b order by i) from unnest(old.counts, excluded.counts) with ordinality as t (a, b, i))`.execute(
    tx,
  )
}

/** Moves the event time that monitors have seen forward, never back. */
export async function raiseWatermarks(tx: Tx, newestMs: ReadonlyMap<string, number>): Promise<void> {
  if (newestMs.size === 0) return
  const sorted = [...newestMs].sort(([a], [b]) => (a < b ? -1 : 1))
  await sql`
    insert into drift_watermark as old (monitor_id, newest_event_at)
    select * from unnest(${sorted.map(([id]) => id)}::text[], ${sorted.map(([, ms]) => new Date(ms))}::timestamptz[])
    on conflict (monitor_id) do update set newest_event_at = excluded.newest_event_at
    where old.newest_event_at < excluded.newest_event_at`.execute(tx)
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
