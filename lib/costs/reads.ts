import { authorizeRead } from '#lib/access/authorize.ts'
import { findEndpoint } from '#lib/endpoints/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { currentPrices } from './load-prices.ts'
import {
  EndpointCostInput,
  WorkspaceCostInput,
  type CostShare,
  type CostView,
  type EndpointCostView,
  type WorkspaceCostView,
} from './model.ts'
import { formatMoney, perThousand } from './money.ts'
import { priceBorders, priceUsage, type Cost, type Usage } from './price.ts'
import { sumUsage, type UsageRow } from './queries.ts'

type Range = { from: Date; to: Date }
type Measured = { rows: UsageRow[]; cost: Cost }

/**
 * What an endpoint cost between two moments, by version and meter, stable beside candidate. A range covers the 10-second
 * slices that begin in [from, to).
 */
export async function readEndpointCost(ctx: Ctx, input: EndpointCostInput): Promise<EndpointCostView> {
  const { endpointId, ...range } = parseInput(EndpointCostInput, input)
  const endpoint = await findEndpoint(ctx.db, endpointId)
  if (endpoint?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such endpoint in this workspace.')
  const { workspaceId, environment, labels } = endpoint
  await authorizeRead(ctx, 'cost:read', { kind: 'endpoint', id: endpointId, workspaceId, environment, labels })
  const measured = await measure(ctx, { workspaceId, endpointId }, range)
  const versionIds = [...new Set(measured.rows.map((r) => r.versionId))]
  return {
    ...toView(measured, range),
    endpointId,
    versions: versionIds.map((versionId) => ({
      versionId,
      serves:
        versionId === endpoint.stableVersionId
          ? ('stable' as const)
          : versionId === endpoint.candidateVersionId
            ? ('candidate' as const)
            : null,
      ...shareOf(measured, (x) => x.versionId === versionId),
    })),
  }
}

/** What the workspace's endpoints cost between two moments. */
export async function readWorkspaceCost(ctx: Ctx, input: WorkspaceCostInput): Promise<WorkspaceCostView> {
  const range = parseInput(WorkspaceCostInput, input)
  await authorizeRead(ctx, 'cost:read')
  const measured = await measure(ctx, { workspaceId: ctx.workspaceId }, range)
  const endpointIds = [...new Set(measured.rows.map((r) => r.endpointId))]
  const endpoints = endpointIds.map((endpointId) => ({
    endpointId,
    ...shareOf(measured, (x) => x.endpointId === endpointId),
  }))
  return { ...toView(measured, range), endpoints }
}

async function measure(ctx: Ctx, where: { workspaceId: string; endpointId?: string }, range: Range): Promise<Measured> {
  const prices = currentPrices()
  const changes = priceBorders(prices, range.from.getTime(), range.to.getTime()).map((ms) => new Date(ms))
  const borders = [range.from, ...changes, range.to]
  const rows = await sumUsage(ctx.db, where, borders)
  const usage = rows.flatMap((row) => usageOf(row, (borders[row.piece - 1] ?? range.from).getTime()))
  return { rows, cost: priceUsage(usage, prices) }
}

// Every answer takes CPU time: of requests without a report it was used as well, and nobody knows how much.
function usageOf({ endpointId, versionId, requests, cpuMicros, cpuReported }: UsageRow, atMs: number): Usage[] {
  const names = { endpointId, versionId, atMs }
  const unmeasured: Usage = {
    ...names,
    meter: 'cpu-seconds',
    quantityMicros: null,
    unreported: { requests: requests - cpuReported, of: requests },
  }
  return [
    { ...names, meter: 'requests', quantityMicros: requests * 1_000_000n },
    { ...names, meter: 'cpu-seconds', quantityMicros: cpuMicros },
    ...(cpuReported < requests ? [unmeasured] : []),
  ]
}

function toView(measured: Measured, { from, to }: Range): CostView {
  const { name, digest, currency } = currentPrices()
  const { lines, remainder, unpriced } = measured.cost
  return {
    from,
    to,
    currency,
    prices: { name, digest },
    ...shareOf(measured, () => true),
    remainder: remainder.toString(),
    lines: lines.map(({ endpointId, versionId, meter, quantityMicros, price, amount }) => ({
      endpointId,
      versionId,
      meter,
      quantity: formatQuantity(quantityMicros),
      unit: price.unit,
      unitPrice: formatMoney(price.price),
      provenance: price.provenance,
      amount: formatMoney(amount),
    })),
    unpriced: unpriced.map(({ quantityMicros, ...rest }) => ({
      ...rest,
      quantity: quantityMicros === null ? null : formatQuantity(quantityMicros),
    })),
  }
}

function shareOf(
  { rows, cost }: Measured,
  isPart: (x: { endpointId: string; versionId: string }) => boolean,
): CostShare {
  const requests = rows.filter(isPart).reduce((sum, row) => sum + row.requests, 0n)
  const lines = cost.lines.filter(isPart)
  const exact = lines.reduce((sum, line) => sum + line.exact, 0n)
  const complete = !cost.unpriced.some(isPart)
  return {
    requests: Number(requests),
    // The apportioned lines, so that shares add up to the total as the lines do.
    amount: formatMoney(lines.reduce((sum, line) => sum + line.amount, 0n)),
    complete,
    perThousandRequests: complete && requests > 0n ? formatMoney(perThousand(exact, requests)) : null,
  }
}

/** Millionths as decimal text. */
function formatQuantity(quantityMicros: bigint): string {
  return formatMoney(quantityMicros * 1_000_000n)
}
