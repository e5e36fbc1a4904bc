/**
 * What a service-level objective of 30 days costs to evaluate: 30 days of 10-second slices at two endpoints, summed by slices
 * alone and by the hourly sums beside them. One JSON line for each figure.
 *
 *   node bench/rollups.ts [days=30] [rounds=5]
 *
 * Both ways are asked for the same windows in the same run on the same PostgreSQL, and must give the same sums.
 */
import pg from 'pg'
import { openPool, kyselyOn } from '#lib/platform/db/connect.ts'
import type { Database } from '#lib/platform/db/schema.ts'
import { sumPieces } from '#lib/slos/queries.ts'
import { countAtMost } from '#lib/telemetry/histogram.ts'
import { onBenchPostgres } from './installation.ts'

const days = Number(process.argv[2] ?? 30)
const rounds = Number(process.argv[3] ?? 5)
if (!(days >= 1 && days <= 365) || !(rounds >= 1 && rounds <= 100)) {
  console.error('usage: node bench/rollups.ts [days 1…365] [rounds 1…100]')
  process.exit(2)
}
const thresholdMs = 250
const endpoints = ['ep_bench_1', 'ep_bench_2']
await onBenchPostgres(async (url) => {
  await fill(url)
  await measure(url)
})

/** One version at each endpoint, a hundred requests a slice in twelve buckets; hours as the product keeps them. */
async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const slice = `'{"scale":6,"zeroCount":1,"counts":{"380":20,"400":20,"420":15,"440":12,"460":10,"470":8,"480":6,"490":4,"500":2,"520":1,"600":1}}'`
  const hour = `'{"scale":6,"zeroCount":360,"counts":{"380":7200,"400":7200,"420":5400,"440":4320,"460":3600,"470":2880,"480":2160,"490":1440,"500":720,"520":360,"600":360}}'`
  const from = `timestamptz '2026-01-01T00:00:00Z'`
  for (const endpoint of endpoints) {
    await client.query(`insert into request_fact select 'ws', '${endpoint}', 'mv', 1, at, 100, 1, 100000, 100, ${slice}
      from generate_series(${from}, ${from} + interval '${days} days' - interval '10 s', interval '10 s') at`)
    await client.query(`insert into request_hour select 'ws', '${endpoint}', 'mv', 1, at, 36000, 360, 36000000, 36000, ${hour},
      at + interval '59 min 50 s' from generate_series(${from}, ${from} + interval '${days} days' - interval '1 h', interval '1 h') at`)
  }
  await client.query('vacuum analyze')
  await client.end()
}

async function measure(url: string): Promise<void> {
  const pool = openPool({ url, role: 'reader', max: 1, applicationName: 'bench', onError: () => undefined })
  const db = kyselyOn<Database>(pool)
  // The window of the objective and those of its alerts, ending in the middle of an hour.
  const endMs = Date.parse('2026-01-01T00:00:00Z') + days * 86_400_000 - 1_230_000
  const lengths = [days - 1, 3, 1, 1 / 4, 1 / 24, 1 / 288].filter((d) => d > 0 && d < days)
  const borders = [
    ...lengths.map((d) => new Date(Math.round((endMs - d * 86_400_000) / 10_000) * 10_000)),
    new Date(endMs),
  ]
  for (const threshold of [null, thresholdMs]) {
    const kind = threshold === null ? 'availability' : 'latency'
    const slices: number[] = []
    const hours: number[] = []
    for (let round = 0; round < rounds; round++) {
      for (const endpointId of endpoints) {
        const startedMs = performance.now()
        const bySlices = await sumSlices(pool, endpointId, threshold, borders)
        const betweenMs = performance.now()
        const byHours = await sumPieces(db, { endpointId, thresholdMs: threshold }, borders)
        slices.push(betweenMs - startedMs)
        hours.push(performance.now() - betweenMs)
        if (JSON.stringify(bySlices) !== JSON.stringify(byHours))
          throw new Error(`the sums differ: ${JSON.stringify({ bySlices, byHours })}`)
      }
    }
    report(`${kind}-by-slices`, median(slices))
    report(`${kind}-by-hours`, median(hours))
  }
  const { rows } = await pool.query<{ facts: bigint; hours: bigint }>(
    `select pg_total_relation_size('request_fact') as facts, pg_total_relation_size('request_hour') as hours`,
  )
  report('slices-size', Number(rows[0]?.facts) / 2 ** 20, 'MiB')
  report('hours-size', Number(rows[0]?.hours) / 2 ** 20, 'MiB')
  await db.destroy()
}

/** As it was before there were hours: every slice of the window. */
async function sumSlices(pool: pg.Pool, endpointId: string, threshold: number | null, borders: readonly Date[]) {
  const from = `where endpoint_id = $1 and slice_at >= $3 and slice_at < $4`
  const { rows } = await pool.query<{
    piece: number
    total: bigint
    errors: bigint
    zero: bigint
    counts: Record<string, number>
  }>(
    threshold === null
      ? `select width_bucket(slice_at, $2::timestamptz[]) as piece, sum(requests)::bigint as total, sum(errors)::bigint as errors
         from request_fact ${from} group by piece`
      : `with picked as materialized (select width_bucket(slice_at, $2::timestamptz[]) as piece, requests, latency from request_fact ${from}),
         bucket as (select piece, key, sum(value::bigint) as n from picked, jsonb_each_text(latency->'counts') group by piece, key)
         select p.piece, sum(p.requests)::bigint as total, sum((p.latency->>'zeroCount')::bigint)::bigint as zero,
           (select jsonb_object_agg(b.key, b.n) from bucket b where b.piece = p.piece) as counts from picked p group by p.piece`,
    [endpointId, borders, borders[0], borders.at(-1)],
  )
  const pieces = borders.slice(1).map(() => ({ good: 0, total: 0 }))
  for (const row of rows) {
    const total = Number(row.total)
    const good =
      threshold === null
        ? total - Number(row.errors)
        : countAtMost({ scale: 6, zeroCount: Number(row.zero), counts: row.counts }, threshold).lower
    pieces[row.piece - 1] = { good, total }
  }
  return pieces
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
}

function report(figure: string, value: number, unit = 'ms'): void {
  console.log(JSON.stringify({ benchmark: 'rollups', figure, value: Math.round(value * 100) / 100, unit, days }))
}
