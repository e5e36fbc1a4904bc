import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { quantile, type Histogram } from './histogram.ts'
import { selectEndpointScope, selectHeartbeats, sumRequestFacts, sumRequestSeries, type FactFilter } from './queries.ts'

export type RequestTotals = {
  requests: number
  /** Answers of status 500 and above, and requests without an answer. */
  errors: number
  /** CPU time that model servers reported, in millionths of a second. */
  cpuMicros: number
  /** Null without requests. */
  latency: Histogram | null
  lastSliceAt: Date | null
}

export type RequestPoint = {
  versionId: string
  at: Date
  requests: number
  errors: number
  p50Ms: number | null
  p95Ms: number | null
}

const stepsMax = 2000

/** For reconcilers and others above: the sums over the 10-second slices that begin in [from, to). */
export async function findRequestTotals(db: Reader, filter: FactFilter): Promise<RequestTotals> {
  const row = await sumRequestFacts(db, filter)
  return {
    requests: Number(row.requests),
    errors: Number(row.errors),
    cpuMicros: Number(row.cpuMicros),
    latency: histogramOf(row),
    lastSliceAt: row.lastSliceAt,
  }
}

/** Requests, errors and latency at an endpoint, merged over versions, generations and time as the filter says. */
export async function readRequestFacts(ctx: Ctx, filter: FactFilter): Promise<RequestTotals> {
  await authorizeEndpoint(ctx, filter.endpointId)
  return findRequestTotals(ctx.db, filter)
}

/**
 * The same by version and step of time, oldest first, for charts. `stepSeconds` is a multiple of 10.
 * @throws `invalid` for more than 2,000 steps
 */
export async function readRequestSeries(
  ctx: Ctx,
  filter: FactFilter & { from: Date; to: Date; stepSeconds: number },
): Promise<RequestPoint[]> {
  await authorizeEndpoint(ctx, filter.endpointId)
  const { from, to, stepSeconds } = filter
  if (!Number.isInteger(stepSeconds / 10) || stepSeconds < 10)
    throw problem('invalid', 'stepSeconds: must be a multiple of 10')
  if (!(to > from) || (to.getTime() - from.getTime()) / 1000 > stepsMax * stepSeconds)
    throw problem('invalid', `from, to: must be a span of at most ${stepsMax} steps; choose a longer step`)
  const rows = await sumRequestSeries(ctx.db, filter)
  return rows.map((row) => {
    const latency = histogramOf(row)
    return {
      versionId: row.versionId,
      at: row.at,
      requests: Number(row.requests),
      errors: Number(row.errors),
      p50Ms: latency && quantile(latency, 0.5),
      p95Ms: latency && quantile(latency, 0.95),
    }
  })
}

/** The newest heartbeat of each agent that sends to this workspace. */
export async function listHeartbeats(ctx: Ctx) {
  await authorizeRead(ctx, 'endpoint:read')
  return selectHeartbeats(ctx.db, ctx.workspaceId)
}

async function authorizeEndpoint(ctx: Ctx, endpointId: string): Promise<void> {
  const scope = await selectEndpointScope(ctx.db, endpointId)
  if (scope?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such endpoint in this workspace.')
  await authorizeRead(ctx, 'endpoint:read', { kind: 'endpoint', ...scope })
}

function histogramOf(row: {
  scale: number | null
  zeroCount: bigint
  counts: Record<string, number> | null
}): Histogram | null {
  if (row.scale === null) return null
  return { scale: row.scale, zeroCount: Number(row.zeroCount), counts: row.counts ?? {} }
}
