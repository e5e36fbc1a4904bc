import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { DriftRow } from './fold.ts'

/** How far past our clock the event time of a monitor may come: room for clocks that differ, and no more. */
export const watermarkAheadMsMax = 300_000

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

/**
 * Moves the event time that monitors have seen forward, never back, and makes those due that may have closed a window by
 * it. Returns how many. It never comes further than five minutes past `now`: windows that a single event from the future
 * closed would be judged without the events that are still to come, and never again.
 */
export async function raiseWatermarks(tx: Tx, newestMs: ReadonlyMap<string, number>, now: Date): Promise<number> {
  if (newestMs.size === 0) return 0
  const latestMs = now.getTime() + watermarkAheadMsMax
  const sorted = [...newestMs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, ms]) => [id, Math.min(ms, latestMs)] as const)
  const closed = (at: 'g.at' | 'w.newest_event_at') =>
    sql`floor((extract(epoch from ${sql.ref(at)}) - m.lateness_seconds) / m.window_seconds)`
  const { rows } = await sql<{ due: bigint }>`
    with given as (
      select * from unnest(${sorted.map(([id]) => id)}::text[], ${sorted.map(([, ms]) => new Date(ms))}::timestamptz[])
        as t (id, at)),
    crossed as (
      select g.id from given g join drift_monitor m on m.id = g.id left join drift_watermark w on w.monitor_id = g.id
      where w.newest_event_at is null or ${closed('g.at')} > ${closed('w.newest_event_at')}),
    due as (
      update drift_monitor set due_at = least(due_at, ${now}) where id in (select id from crossed) returning id),
    raised as (
      insert into drift_watermark as old (monitor_id, newest_event_at) select id, at from given order by id
      on conflict (monitor_id) do update set newest_event_at = excluded.newest_event_at
      where old.newest_event_at < excluded.newest_event_at)
    select count(*) as due from due`.execute(tx)
  return Number(rows[0]?.due ?? 0n)
}
