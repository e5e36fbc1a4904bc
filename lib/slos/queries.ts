import { sql } from 'kysely'
import type { Claim } from '#lib/platform/claim.ts'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import { countAtMost } from '#lib/telemetry/histogram.ts'
import { findFactsBetween } from '#lib/telemetry/reads-facts.ts'
import type { Counts } from './budget.ts'
import type { SloState } from './decide.ts'
import type { KeptPolicy, SloStatus } from './model.ts'

function sloQuery(db: Reader) {
  return db
    .selectFrom('slo as s')
    .innerJoin('endpoint as p', 'p.id', 's.endpoint_id')
    .innerJoin('environment as e', 'e.id', 'p.environment_id')
    .innerJoin('model as m', 'm.id', 'p.model_id')
    .select([
      's.id',
      's.workspace_id as workspaceId',
      's.endpoint_id as endpointId',
      'p.name as endpointName',
      'm.name as modelName',
      'm.labels',
      'e.name as environment',
      's.name',
      's.kind',
      's.target',
      's.threshold_ms as thresholdMs',
      's.window_seconds as windowSeconds',
      's.policy_digest as policyDigest',
      's.policy',
      's.state',
      's.status',
      's.status_at as statusAt',
      's.created_at as createdAt',
    ])
}

type RawRow = Awaited<ReturnType<ReturnType<typeof sloQuery>['execute']>>[number]
export type SloRow = Omit<RawRow, 'policy' | 'status'> & { policy: KeptPolicy; status: SloStatus | null }

function toRow(raw: RawRow): SloRow {
  return { ...raw, policy: raw.policy as KeptPolicy, status: raw.status as SloStatus | null }
}

export async function selectSlo(db: Reader, id: string): Promise<SloRow | undefined> {
  const raw = await sloQuery(db).where('s.id', '=', id).executeTakeFirst()
  return raw && toRow(raw)
}

export async function lockSlo(tx: Tx, id: string): Promise<SloRow | undefined> {
  const raw = await sloQuery(tx).where('s.id', '=', id).forUpdate('s').executeTakeFirst()
  return raw && toRow(raw)
}

export type SloFilter = {
  workspaceId?: string
  endpointId?: string | undefined
  state?: SloState | undefined
  before?: string | undefined
  limit: number
}

export async function selectSlos(db: Reader, filter: SloFilter): Promise<SloRow[]> {
  let query = sloQuery(db)
  if (filter.workspaceId !== undefined) query = query.where('s.workspace_id', '=', filter.workspaceId)
  if (filter.endpointId !== undefined) query = query.where('s.endpoint_id', '=', filter.endpointId)
  if (filter.state !== undefined) query = query.where('s.state', '=', filter.state)
  if (filter.before !== undefined) query = query.where('s.id', '<', filter.before)
  return (await query.orderBy('s.id', 'desc').limit(filter.limit).execute()).map(toRow)
}

/** False when the endpoint has an objective of that name. */
export async function insertSlo(
  tx: Tx,
  slo: { id: string; workspaceId: string; endpointId: string; policy: KeptPolicy; policyDigest: string; now: Date },
): Promise<boolean> {
  const { objective } = slo.policy
  const result = await tx
    .insertInto('slo')
    .values({
      id: slo.id,
      workspace_id: slo.workspaceId,
      endpoint_id: slo.endpointId,
      name: objective.name,
      kind: objective.kind,
      target: objective.target,
      threshold_ms: objective.kind === 'latency' ? objective.thresholdMs : null,
      window_seconds: objective.window,
      policy_digest: slo.policyDigest,
      policy: json(slo.policy),
      created_at: slo.now,
      state: 'no-data',
      status: null,
      status_at: null,
      due_at: slo.now,
      lease_until: null,
      lease_holder: null,
    })
    .onConflict((c) => c.columns(['endpoint_id', 'name']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Keeps what an evaluation found; false when the claim was lost. `state` is only given where it is governed. */
export async function updateStatus(
  tx: Tx,
  claim: Claim,
  found: { status: SloStatus; at: Date; state?: SloState },
): Promise<boolean> {
  const result = await tx
    .updateTable('slo')
    .set({
      status: json(found.status),
      status_at: found.at,
      ...(found.state === undefined ? {} : { state: found.state }),
    })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

type Measured = { endpointId: string; thresholdMs: number | null }

/**
 * Good and total events of each piece between two neighbouring borders: of the slices that begin in [border, next border).
 * Whole hours are read as such, and neighbouring pieces add up exactly. Good is what had no error, or with a threshold what was
 * surely answered within it: the samples of the histogram's bucket in which the threshold lies count as bad.
 * @param borders ascending, at least two
 */
export async function sumPieces(db: Reader, measured: Measured, borders: readonly Date[]): Promise<Counts[]> {
  const rows =
    measured.thresholdMs === null ? await sumErrors(db, measured, borders) : await sumLatency(db, measured, borders)
  const pieces = borders.slice(1).map((): Counts => ({ good: 0, total: 0 }))
  for (const row of rows) {
    const piece = pieces[row.piece - 1]
    if (!piece) continue
    piece.total += Number(row.total)
    piece.good += 'errors' in row ? Number(row.total - row.errors) : goodWithin(row, measured.thresholdMs ?? 0)
  }
  return pieces
}

type ErrorRow = { piece: number; total: bigint; errors: bigint }
type LatencyRow = {
  piece: number
  total: bigint
  scale: number
  zeroCount: bigint
  counts: Record<string, number> | null
}

async function sumErrors(db: Reader, { endpointId }: Measured, borders: readonly Date[]): Promise<ErrorRow[]> {
  const { rows } = await sql<ErrorRow>`
    select piece, sum(requests)::bigint as total, sum(errors)::bigint as errors
    from ${await findFactsBetween(db, sql`f.endpoint_id = ${endpointId}`, borders)} as fact group by piece`.execute(db)
  return rows
}

async function sumLatency(db: Reader, { endpointId }: Measured, borders: readonly Date[]): Promise<LatencyRow[]> {
  const { rows } = await sql<LatencyRow>`
    with picked as materialized (
      select piece, (latency->>'scale')::int as scale, requests, latency
      from ${await findFactsBetween(db, sql`f.endpoint_id = ${endpointId}`, borders)} as fact),
    bucket as (
      select piece, scale, key, sum(value::bigint) as n from picked, jsonb_each_text(latency->'counts')
      group by piece, scale, key)
    select p.piece, p.scale, sum(p.requests)::bigint as total, sum((p.latency->>'zeroCount')::bigint)::bigint as "zeroCount",
      (select jsonb_object_agg(b.key, b.n) from bucket b where b.piece = p.piece and b.scale = p.scale) as counts
    from picked p group by p.piece, p.scale`.execute(db)
  return rows
}

function goodWithin(row: LatencyRow, thresholdMs: number): number {
  const histogram = { scale: row.scale, zeroCount: Number(row.zeroCount), counts: row.counts ?? {} }
  return countAtMost(histogram, thresholdMs).lower
}
