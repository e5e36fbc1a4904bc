import { authorizeRead } from '#lib/access/authorize.ts'
import { findEndpoint } from '#lib/endpoints/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { addQuality, emptyQuality, type QualityCounts } from './fold.ts'
import { qualityMetrics, type QualityMetrics } from './metrics.ts'
import { countPending, selectQualityWindows, type QualityFilter } from './queries.ts'

export type QualityView = { counts: QualityCounts; metrics: QualityMetrics }
export type QualityPoint = QualityView & { versionId: string; windowAt: Date }

/** For reconcilers and others above: the counts of a version, added up over days and, unless one is given, generations. */
export async function findQualityTotals(
  db: Reader,
  filter: QualityFilter & { versionId: string },
): Promise<QualityCounts> {
  const windows = await selectQualityWindows(db, filter)
  return windows.reduce((sum, { counts }) => addQuality(sum, counts), emptyQuality())
}

/** Counts and figures of an endpoint's versions by day of event time, oldest first. */
export async function readQualitySeries(ctx: Ctx, filter: QualityFilter): Promise<QualityPoint[]> {
  await authorizeEndpoint(ctx, filter.endpointId)
  const windows = await selectQualityWindows(ctx.db, filter)
  return windows.map((window) => ({ ...window, metrics: qualityMetrics(window.counts) }))
}

/** Counts and figures of each version at an endpoint over the days asked for, and what still awaits labels. */
export async function readQuality(
  ctx: Ctx,
  filter: QualityFilter,
): Promise<{
  versions: (QualityView & { versionId: string })[]
  pending: { predictions: number; earlyLabels: number }
}> {
  await authorizeEndpoint(ctx, filter.endpointId)
  const windows = await selectQualityWindows(ctx.db, filter)
  const sums = new Map<string, QualityCounts>()
  for (const { versionId, counts } of windows)
    sums.set(versionId, addQuality(sums.get(versionId) ?? emptyQuality(), counts))
  const versions = [...sums].map(([versionId, counts]) => ({ versionId, counts, metrics: qualityMetrics(counts) }))
  return { versions, pending: await countPending(ctx.db, ctx.workspaceId, filter.endpointId) }
}

async function authorizeEndpoint(ctx: Ctx, id: string): Promise<void> {
  const endpoint = await findEndpoint(ctx.db, id)
  if (endpoint?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such endpoint in this workspace.')
  const { workspaceId, environment, labels } = endpoint
  await authorizeRead(ctx, 'quality:read', { kind: 'endpoint', id, workspaceId, environment, labels })
}
