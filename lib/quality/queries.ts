import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import { addQuality, emptyQuality, type QualityCounts, type QualityFact } from './fold.ts'
import type { JoinedLabel, KeptLabel, KeptPrediction } from './join.ts'

export type QualityFilter = {
  endpointId: string
  versionId?: string | undefined
  generation?: number | undefined
  fromWindow?: Date | undefined
  toWindow?: Date | undefined
}

export type QualityWindowRow = { versionId: string; windowAt: Date; counts: QualityCounts }

const rowsMax = 20_000

/** Counts by version and day, generations added up, oldest first. */
export async function selectQualityWindows(db: Reader, filter: QualityFilter): Promise<QualityWindowRow[]> {
  let query = db.selectFrom('quality_fact').selectAll().where('endpoint_id', '=', filter.endpointId)
  if (filter.versionId !== undefined) query = query.where('version_id', '=', filter.versionId)
  if (filter.generation !== undefined) query = query.where('generation', '=', filter.generation)
  if (filter.fromWindow !== undefined) query = query.where('window_at', '>=', filter.fromWindow)
  if (filter.toWindow !== undefined) query = query.where('window_at', '<', filter.toWindow)
  const rows = await query.orderBy('window_at').orderBy('version_id').limit(rowsMax).execute()
  const windows = new Map<string, QualityWindowRow>()
  for (const row of rows) {
    const key = `${row.window_at.getTime()} ${row.version_id}`
    const held = windows.get(key)?.counts ?? emptyQuality()
    windows.set(key, { versionId: row.version_id, windowAt: row.window_at, counts: addQuality(held, toCounts(row)) })
  }
  return [...windows.values()]
}

function toCounts(
  row: {
    [K in keyof Omit<QualityColumns, 'score_positive' | 'score_negative'>]: bigint
  } & { score_positive: bigint[]; score_negative: bigint[] },
): QualityCounts {
  return {
    labelled: Number(row.labelled),
    correct: Number(row.correct),
    positives: Number(row.positives),
    predictedPositives: Number(row.predicted_positives),
    truePositives: Number(row.true_positives),
    scoreMicros: Number(row.score_micros),
    brierMicros: Number(row.brier_micros),
    logLossMicros: Number(row.log_loss_micros),
    logLossSquareMicros: Number(row.log_loss_square_micros),
    scorePositive: row.score_positive.map(Number),
    scoreNegative: row.score_negative.map(Number),
    delaySecondsSum: Number(row.delay_seconds_sum),
  }
}

/** The columns that add up, each with where its value is in the counts. */
const columns = {
  labelled: (c: QualityCounts) => c.labelled,
  correct: (c: QualityCounts) => c.correct,
  positives: (c: QualityCounts) => c.positives,
  predicted_positives: (c: QualityCounts) => c.predictedPositives,
  true_positives: (c: QualityCounts) => c.truePositives,
  score_micros: (c: QualityCounts) => c.scoreMicros,
  brier_micros: (c: QualityCounts) => c.brierMicros,
  log_loss_micros: (c: QualityCounts) => c.logLossMicros,
  log_loss_square_micros: (c: QualityCounts) => c.logLossSquareMicros,
  delay_seconds_sum: (c: QualityCounts) => c.delaySecondsSum,
  score_positive: (c: QualityCounts) => c.scorePositive,
  score_negative: (c: QualityCounts) => c.scoreNegative,
} as const
type QualityColumns = typeof columns
const vectors: readonly string[] = ['score_positive', 'score_negative']

/** Adds the facts to what is stored, in one statement. The caller gives them in a fixed order. */
export async function addQualityFacts(tx: Tx, facts: readonly QualityFact[]): Promise<void> {
  if (facts.length === 0) return
  const names = Object.keys(columns) as (keyof QualityColumns)[]
  const isVector = (name: string) => vectors.includes(name)
  const given = names.map((name) => {
    const values = facts.map(({ counts }) => columns[name](counts))
    // A vector travels as the text of an array: unnest would flatten an array of arrays.
    return isVector(name) ? sql`${values.map((v) => `{${String(v)}}`)}::text[]` : sql`${values.map(String)}::bigint[]`
  })
  const picked = names.map((name) => (isVector(name) ? sql`${sql.ref(name)}::bigint[]` : sql.ref(name)))
  const added = names.map((name) => {
    const [old, more] = [sql.ref(`old.${name}`), sql.ref(`excluded.${name}`)]
    return isVector(name)
      ? sql`${sql.ref(name)} = (select array_agg(a + b order by i) from unnest(${old}, ${more}) with ordinality as t (a, b, i))`
      : sql`${sql.ref(name)} = ${old} + ${more}`
  })
  const columnList = sql.join(names.map((name) => sql.ref(name)))
  await sql`
    insert into quality_fact as old (workspace_id, endpoint_id, version_id, generation, window_at, ${columnList})
    select workspace_id, endpoint_id, version_id, generation, window_at, ${sql.join(picked)} from unnest(
      ${facts.map((f) => f.workspaceId)}::text[], ${facts.map((f) => f.endpointId)}::text[],
      ${facts.map((f) => f.versionId)}::text[], ${facts.map((f) => f.generation)}::int[],
      ${facts.map((f) => new Date(f.windowAtMs))}::timestamptz[], ${sql.join(given)})
      as t (workspace_id, endpoint_id, version_id, generation, window_at, ${columnList})
    on conflict (endpoint_id, version_id, generation, window_at) do update set ${sql.join(added)}`.execute(tx)
}

/** Keeps predictions until their labels come. One that is kept already stays as it is. */
export async function keepPredictions(tx: Tx, rows: readonly KeptPrediction[], receivedAt: Date): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into pending_prediction
      (workspace_id, prediction_id, endpoint_id, version_id, generation, event_at, received_at, score, prediction)
    select workspace_id, prediction_id, endpoint_id, version_id, generation, event_at, ${receivedAt}::timestamptz, score, prediction
    from unnest(${rows.map((r) => r.workspaceId)}::text[], ${rows.map((r) => r.predictionId)}::text[],
      ${rows.map((r) => r.endpointId)}::text[], ${rows.map((r) => r.versionId)}::text[],
      ${rows.map((r) => r.generation)}::int[], ${rows.map((r) => r.eventAt)}::timestamptz[],
      ${rows.map((r) => r.score)}::double precision[], ${rows.map((r) => r.prediction)}::text[])
      as t (workspace_id, prediction_id, endpoint_id, version_id, generation, event_at, score, prediction)
    on conflict (workspace_id, prediction_id) do nothing`.execute(tx)
}

/** Keeps labels until they are joined. Of two for the same prediction the first stays. */
export async function keepLabels(tx: Tx, rows: readonly KeptLabel[], receivedAt: Date): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into early_label (workspace_id, prediction_id, endpoint_id, event_at, received_at, label, features)
    select workspace_id, prediction_id, endpoint_id, event_at, ${receivedAt}::timestamptz, label, features
    from unnest(${rows.map((r) => r.workspaceId)}::text[], ${rows.map((r) => r.predictionId)}::text[],
      ${rows.map((r) => r.endpointId)}::text[], ${rows.map((r) => r.eventAt)}::timestamptz[],
      ${rows.map((r) => r.label)}::text[], ${rows.map((r) => json(r.features))}::jsonb[])
      as t (workspace_id, prediction_id, endpoint_id, event_at, label, features)
    on conflict (workspace_id, prediction_id, endpoint_id) do nothing`.execute(tx)
}

/**
 * Joins the kept labels of these predictions with them, takes those labels away and marks the predictions as labelled.
 * The caller holds the workspaces' locks, so a label and its prediction cannot pass each other in two transactions.
 */
export async function joinLabels(
  tx: Tx,
  keys: readonly { workspaceId: string; predictionId: string }[],
  now: Date,
): Promise<JoinedLabel[]> {
  if (keys.length === 0) return []
  const { rows } = await sql<JoinedLabel>`
    with found as (
      select distinct on (p.workspace_id, p.prediction_id) p.*, l.label, l.features, l.event_at as label_at,
        l.endpoint_id as key_endpoint
      from (select distinct * from unnest(${keys.map((k) => k.workspaceId)}::text[],
        ${keys.map((k) => k.predictionId)}::text[]) as t (workspace_id, prediction_id)) k
      join early_label l using (workspace_id, prediction_id)
      join pending_prediction p using (workspace_id, prediction_id)
      where l.endpoint_id in ('', p.endpoint_id)
      order by p.workspace_id, p.prediction_id, l.received_at, l.endpoint_id),
    taken as (
      delete from early_label l using found f
      where l.workspace_id = f.workspace_id and l.prediction_id = f.prediction_id and l.endpoint_id in ('', f.endpoint_id)),
    marked as (
      update pending_prediction p set labelled_at = ${now} from found f
      where p.workspace_id = f.workspace_id and p.prediction_id = f.prediction_id and p.labelled_at is null)
    select workspace_id as "workspaceId", prediction_id as "predictionId", endpoint_id as "endpointId",
      version_id as "versionId", generation, event_at as "eventAt", score, prediction, label, features,
      label_at as "labelAt", labelled_at is null as "isFirst"
    from found order by workspace_id, prediction_id`.execute(tx)
  return rows
}

/** Forgets what was received before `before`, at most `limit` rows of each kind. Returns how many were. */
export async function forgetPending(tx: Tx, before: Date, limit: number): Promise<number> {
  let forgotten = 0
  for (const table of ['pending_prediction', 'early_label']) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where ctid in (
        select ctid from ${sql.table(table)} where received_at < ${before} order by received_at limit ${limit}
        for update skip locked)`.execute(tx)
    forgotten += Number(numAffectedRows ?? 0n)
  }
  return forgotten
}

/**
 * Forgets windows that lie more than `days` before the newest of their endpoint (event time has no other now), at most
 * `limit`. Returns how many.
 */
export async function forgetQuality(tx: Tx, days: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from quality_fact where ctid in (
      select old.ctid from endpoint p
      cross join lateral (select max(window_at) as at from quality_fact where endpoint_id = p.id) newest
      join quality_fact old on old.endpoint_id = p.id and old.window_at < newest.at - make_interval(days => ${days})
      limit ${limit})`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** How many predictions of an endpoint await their labels, and how many labels of the workspace came first. */
export async function countPending(db: Reader, workspaceId: string, endpointId: string) {
  const { rows } = await sql<{ predictions: bigint; earlyLabels: bigint }>`
    select
      (select count(*) from pending_prediction
       where workspace_id = ${workspaceId} and endpoint_id = ${endpointId} and labelled_at is null) as predictions,
      (select count(*) from early_label where workspace_id = ${workspaceId}) as "earlyLabels"`.execute(db)
  return { predictions: Number(rows[0]?.predictions ?? 0n), earlyLabels: Number(rows[0]?.earlyLabels ?? 0n) }
}
