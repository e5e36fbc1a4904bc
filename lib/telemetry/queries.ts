import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import { addRequestHours, factsBetween, mergedLatency } from './queries-hours.ts'
import type { RequestFactRow } from './request-fact.ts'

export type FactFilter = {
  endpointId: string
  versionId?: string | undefined
  generation?: number | undefined
  from?: Date | undefined
  to?: Date | undefined
}

/**
 * Sums over the slices that begin in [from, to), by the hour where a whole one lies between them or the slices are forgotten.
 * The buckets of the histogram are added up by the database.
 */
export async function sumRequestFacts(db: Reader, filter: FactFilter) {
  const facts = await factsBetween(db, matching(filter), [filter.from ?? beginning, filter.to ?? end])
  const { rows } = await sql<{
    requests: bigint
    errors: bigint
    cpuMicros: bigint
    lastSliceAt: Date | null
    scale: number | null
    zeroCount: bigint
    counts: Record<string, number> | null
  }>`
    with picked as materialized (select * from ${facts} as fact),
    bucket as (select key, sum(value::bigint) as n from picked, jsonb_each_text(latency->'counts') group by key)
    select coalesce(sum(requests), 0)::bigint as requests, coalesce(sum(errors), 0)::bigint as errors,
      coalesce(sum(cpu_micros), 0)::bigint as "cpuMicros", max(last_at) as "lastSliceAt",
      min((latency->>'scale')::int) as scale, coalesce(sum((latency->>'zeroCount')::bigint), 0)::bigint as "zeroCount",
      (select jsonb_object_agg(key, n) from bucket) as counts
    from picked`.execute(db)
  const [row] = rows
  if (!row) throw new Error('a sum without groups gave no row')
  return row
}

export type SeriesRow = {
  versionId: string
  at: Date
  requests: bigint
  errors: bigint
  scale: number
  zeroCount: bigint
  counts: Record<string, number> | null
}

/** The same sums for each version and step of time, oldest first; what is only known by the hour stands at its beginning. */
export async function sumRequestSeries(
  db: Reader,
  filter: FactFilter & { from: Date; to: Date; stepSeconds: number },
): Promise<SeriesRow[]> {
  const step = sql`make_interval(secs => ${filter.stepSeconds})`
  const facts = await factsBetween(db, matching(filter), seriesBorders(filter))
  const { rows } = await sql<SeriesRow>`
    with picked as materialized (
      select fact.*, date_bin(${step}, fact.at, timestamptz 'epoch') as step_at from ${facts} as fact),
    bucket as (
      select version_id, step_at, key, sum(value::bigint) as n from picked, jsonb_each_text(latency->'counts')
      group by version_id, step_at, key),
    histogram as (select version_id, step_at, jsonb_object_agg(key, n) as counts from bucket group by version_id, step_at)
    select p.version_id as "versionId", p.step_at as at, sum(p.requests)::bigint as requests, sum(p.errors)::bigint as errors,
      min((p.latency->>'scale')::int) as scale, sum((p.latency->>'zeroCount')::bigint)::bigint as "zeroCount",
      (select h.counts from histogram h where h.version_id = p.version_id and h.step_at = p.step_at) as counts
    from picked p group by p.version_id, p.step_at order by p.step_at, p.version_id limit 20000`.execute(db)
  return rows
}

/** Steps are pieces of their own, so that no hour is read for more than one of them. */
function seriesBorders({ from, to, stepSeconds }: { from: Date; to: Date; stepSeconds: number }): Date[] {
  const stepMs = stepSeconds * 1000
  const borders = [from]
  for (let ms = (Math.floor(from.getTime() / stepMs) + 1) * stepMs; ms < to.getTime(); ms += stepMs)
    borders.push(new Date(ms))
  return [...borders, to]
}

// Before and after (in the year 9999) everything that is kept: events are at most a day ahead of our clock.
const beginning = new Date(0)
const end = new Date(253370764800000)

function matching(filter: FactFilter) {
  const conditions = [sql<boolean>`f.endpoint_id = ${filter.endpointId}`]
  if (filter.versionId !== undefined) conditions.push(sql`f.version_id = ${filter.versionId}`)
  if (filter.generation !== undefined) conditions.push(sql`f.generation = ${filter.generation}`)
  return sql.join(conditions, sql` and `)
}

/**
 * Adds the rows to what is stored, to the slices in one statement and to their hours in another. The caller gives them in a
 * fixed order, so that two transactions lock the same rows in the same order.
 */
export async function addRequestFacts(tx: Tx, rows: readonly RequestFactRow[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into request_fact as old
      (workspace_id, endpoint_id, version_id, generation, slice_at, requests, errors, cpu_micros, cpu_reported, latency)
    select * from unnest(
      ${rows.map((r) => r.workspaceId)}::text[], ${rows.map((r) => r.endpointId)}::text[],
      ${rows.map((r) => r.versionId)}::text[], ${rows.map((r) => r.generation)}::int[],
      ${rows.map((r) => r.sliceAt)}::timestamptz[], ${rows.map((r) => r.requests)}::bigint[],
      ${rows.map((r) => r.errors)}::bigint[], ${rows.map((r) => r.cpuMicros)}::bigint[],
      ${rows.map((r) => r.cpuReported ?? 0)}::bigint[],
      ${rows.map((r) => JSON.stringify(r.latency))}::jsonb[])
    on conflict (endpoint_id, version_id, generation, slice_at) do update set
      requests = old.requests + excluded.requests, errors = old.errors + excluded.errors,
      cpu_micros = old.cpu_micros + excluded.cpu_micros, cpu_reported = old.cpu_reported + excluded.cpu_reported,
      latency = ${mergedLatency}`.execute(tx)
  await addRequestHours(tx, rows)
}

export type HeartbeatRow = { workspaceId: string; agentId: string; at: Date; content: unknown }

/** Keeps the newest heartbeat of each agent. */
export async function keepHeartbeats(tx: Tx, rows: readonly HeartbeatRow[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into agent_heartbeat as old (workspace_id, agent_id, at, content)
    select * from unnest(${rows.map((r) => r.workspaceId)}::text[], ${rows.map((r) => r.agentId)}::text[],
      ${rows.map((r) => r.at)}::timestamptz[], ${rows.map((r) => json(r.content))}::jsonb[])
    on conflict (workspace_id, agent_id) do update set at = excluded.at, content = excluded.content
    where old.at <= excluded.at`.execute(tx)
}

export function selectHeartbeats(db: Reader, workspaceId: string) {
  return db
    .selectFrom('agent_heartbeat')
    .select(['agent_id as agentId', 'at', 'content'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('agent_id')
    .limit(500)
    .execute()
}

/** Which of these endpoints exist, with whose they are. */
export function selectKnownEndpoints(db: Reader, ids: readonly string[]) {
  return db
    .selectFrom('endpoint')
    .select(['id', 'workspace_id as workspaceId', 'model_id as modelId'])
    .where('id', 'in', ids)
    .execute()
}

/** Which of these versions exist, with the model that they are of. */
export function selectKnownVersions(db: Reader, ids: readonly string[]) {
  return db.selectFrom('model_version').select(['id', 'model_id as modelId']).where('id', 'in', ids).execute()
}

/** What roles are narrowed by at an endpoint. */
export function selectEndpointScope(db: Reader, endpointId: string) {
  return db
    .selectFrom('endpoint as p')
    .innerJoin('environment as e', 'e.id', 'p.environment_id')
    .innerJoin('model as m', 'm.id', 'p.model_id')
    .select(['p.id', 'p.workspace_id as workspaceId', 'e.name as environment', 'm.labels'])
    .where('p.id', '=', endpointId)
    .executeTakeFirst()
}

/** The answers that batches got, by `workspace batch`. */
export async function selectBatchAnswers(
  db: Reader,
  batches: readonly { workspaceId: string; batchId: string }[],
): Promise<Map<string, unknown>> {
  if (batches.length === 0) return new Map()
  const { rows } = await sql<{ workspaceId: string; batchId: string; answer: unknown }>`
    select workspace_id as "workspaceId", batch_id as "batchId", answer from ingest_batch
    where (workspace_id, batch_id) in (select * from unnest(
      ${batches.map((b) => b.workspaceId)}::text[], ${batches.map((b) => b.batchId)}::text[]))`.execute(db)
  return new Map(rows.map((row) => [`${row.workspaceId} ${row.batchId}`, row.answer]))
}

/** Remembers that these batches were folded, with their answers. @throws when one of them was before */
export async function insertBatches(
  tx: Tx,
  batches: readonly { workspaceId: string; batchId: string; answer: unknown }[],
  receivedAt: Date,
): Promise<void> {
  if (batches.length === 0) return
  const rows = batches.map((b) => ({
    workspace_id: b.workspaceId,
    batch_id: b.batchId,
    received_at: receivedAt,
    answer: json(b.answer),
  }))
  await tx.insertInto('ingest_batch').values(rows).execute()
}

/** Forgets batches received before `before`, at most `limit`. Returns how many. */
export async function forgetBatches(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from ingest_batch where ctid in (
      select ctid from ingest_batch where received_at < ${before} order by received_at limit ${limit}
      for update skip locked)`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/**
 * Holds these workspaces' telemetry until the transaction ends, always in the same order. Two ingest processes would wait for
 * each other's rows anyway (they fold into the same slices); so they wait once, and neither can see half of the other's.
 */
export async function lockTelemetry(tx: Tx, workspaceIds: readonly string[]): Promise<void> {
  for (const id of [...new Set(workspaceIds)].sort())
    await sql`select pg_advisory_xact_lock(hashtextextended(${`telemetry ${id}`}, 0))`.execute(tx)
}
