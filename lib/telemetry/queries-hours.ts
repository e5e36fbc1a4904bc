import { sql, type RawBuilder } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { merge } from './histogram.ts'
import type { RequestFactRow } from './request-fact.ts'
import { floorHour, spansOf, type Span } from './spans.ts'

const columns = [
  'endpoint_id',
  'version_id',
  'generation',
  'requests',
  'errors',
  'cpu_micros',
  'cpu_reported',
  'latency',
]
const forgottenSlices = 'request_slice'

/**
 * The facts of one endpoint, or of all of a workspace, as rows that each stand for one slice or one whole hour, with the
 * `piece` between neighbouring borders that they belong to and `last_at`, the newest slice in them: a subquery for sums.
 * @param borders ascending, at least two
 */
export async function factsBetween(
  db: Reader,
  where: RawBuilder<unknown>,
  borders: readonly Date[],
): Promise<RawBuilder<unknown>> {
  const from = await sliceFromMs(db)
  const { hours, slices } = spansOf(
    borders.map((border) => border.getTime()),
    from,
  )
  const picked = sql.raw(columns.map((column) => `f.${column}`).join(', '))
  // `offset 0` keeps each span a look into the index of its own: planned as one join, all rows of the endpoint are read.
  return sql`(
    select span.piece, fact.* from ${table(hours)} as span(piece, from_at, to_at) cross join lateral (
      select f.hour_at as at, f.last_slice_at as last_at, ${picked} from request_hour f
      where f.hour_at >= span.from_at and f.hour_at < span.to_at and ${where} offset 0) fact
    union all
    select span.piece, fact.* from ${table(slices)} as span(piece, from_at, to_at) cross join lateral (
      select f.slice_at as at, f.slice_at as last_at, ${picked} from request_fact f
      where f.slice_at >= span.from_at and f.slice_at < span.to_at and ${where} offset 0) fact)`
}

function table(spans: readonly Span[]): RawBuilder<unknown> {
  return sql`unnest(${spans.map((s) => s.piece)}::int[], ${spans.map((s) => new Date(s.fromMs))}::timestamptz[],
    ${spans.map((s) => new Date(s.toMs))}::timestamptz[])`
}

/** From when on single slices are there: before it hours alone are read. -Infinity while none was forgotten. */
export async function sliceFromMs(db: Reader): Promise<number> {
  const row = await db.selectFrom('forgotten').select('before').where('name', '=', forgottenSlices).executeTakeFirst()
  return row?.before.getTime() ?? -Infinity
}

/**
 * Adds the rows to the hours that they lie in; in the transaction that adds them as slices, so that both always say the
 * same. Rows come in a fixed order, and so do their hours.
 */
export async function addRequestHours(tx: Tx, rows: readonly RequestFactRow[]): Promise<void> {
  const hours = byHour(rows)
  if (hours.length === 0) return
  await sql`
    insert into request_hour as old (workspace_id, endpoint_id, version_id, generation, hour_at, requests, errors, cpu_micros,
      cpu_reported, latency, last_slice_at)
    select * from unnest(
      ${hours.map((r) => r.workspaceId)}::text[], ${hours.map((r) => r.endpointId)}::text[],
      ${hours.map((r) => r.versionId)}::text[], ${hours.map((r) => r.generation)}::int[],
      ${hours.map((r) => r.hourAt)}::timestamptz[], ${hours.map((r) => r.requests)}::bigint[],
      ${hours.map((r) => r.errors)}::bigint[], ${hours.map((r) => r.cpuMicros)}::bigint[],
      ${hours.map((r) => r.cpuReported ?? 0)}::bigint[], ${hours.map((r) => JSON.stringify(r.latency))}::jsonb[],
      ${hours.map((r) => r.sliceAt)}::timestamptz[])
    on conflict (endpoint_id, version_id, generation, hour_at) do update set
      requests = old.requests + excluded.requests, errors = old.errors + excluded.errors,
      cpu_micros = old.cpu_micros + excluded.cpu_micros, cpu_reported = old.cpu_reported + excluded.cpu_reported,
      last_slice_at = greatest(old.last_slice_at, excluded.last_slice_at),
      latency = ${mergedLatency}`.execute(tx)
}

/** Both histograms of an upsert as one. Every row is at the finest scale, so buckets add up by their names. */
export const mergedLatency = sql`jsonb_build_object('scale', old.latency->'scale',
        'zeroCount', (old.latency->>'zeroCount')::bigint + (excluded.latency->>'zeroCount')::bigint,
        'counts', coalesce((select jsonb_object_agg(key, n) from (
          select key, sum(value::bigint) as n from (
            select * from jsonb_each_text(old.latency->'counts')
            union all select * from jsonb_each_text(excluded.latency->'counts')) as both_sides
          group by key) as merged), '{}'::jsonb))`

/**
 * Forgets slices that began before `before` (the beginning of an hour), at most `limit`. First they are no longer read;
 * those of the last hour before it are deleted a turn later, when nobody reads them any more. Returns how many.
 */
export async function forgetSlices(tx: Tx, before: Date, limit: number): Promise<number> {
  await sql`insert into forgotten (name, before) values (${forgottenSlices}, ${before})
    on conflict (name) do update set before = greatest(forgotten.before, excluded.before)`.execute(tx)
  const { numAffectedRows } = await sql`
    delete from request_fact where ctid in (
      select ctid from request_fact where slice_at < ${before}::timestamptz - interval '1 hour' order by slice_at limit ${limit}
      for update skip locked)`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** Forgets hours before `before`, at most `limit`. Returns how many. */
export async function forgetHours(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from request_hour where ctid in (
      select ctid from request_hour where hour_at < ${before} order by hour_at limit ${limit}
      for update skip locked)`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

type HourRow = RequestFactRow & { hourAt: Date }

/** `sliceAt` of a sum is that of its newest slice. */
function byHour(rows: readonly RequestFactRow[]): HourRow[] {
  const hours = new Map<string, HourRow>()
  for (const row of rows) {
    const hourAt = new Date(floorHour(row.sliceAt.getTime()))
    const key = JSON.stringify([row.endpointId, row.versionId, row.generation, hourAt.getTime()])
    const held = hours.get(key)
    hours.set(key, held ? { ...addFact(held, row), hourAt } : { ...row, hourAt })
  }
  return [...hours.values()]
}

function addFact(a: RequestFactRow, b: RequestFactRow): RequestFactRow {
  return {
    ...a,
    sliceAt: a.sliceAt > b.sliceAt ? a.sliceAt : b.sliceAt,
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    cpuMicros: a.cpuMicros + b.cpuMicros,
    cpuReported: (a.cpuReported ?? 0) + (b.cpuReported ?? 0),
    latency: merge(a.latency, b.latency),
  }
}
