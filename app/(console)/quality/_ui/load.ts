import type { EndpointView } from '#lib/endpoints/model.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { readQuality } from '#lib/quality/reads.ts'
import { nameOfVersion, versionNames } from '../../../_server/version-names.ts'
import type { VersionQuality } from './version-table.tsx'

export type EndpointQuality = {
  rows: VersionQuality[]
  /** Share of kept predictions that have a label, with how many were kept; null when none were. */
  labelledShare: { share: number; kept: number } | null
  pending: number
}

/** What was measured of each version at an endpoint, newest version first. */
export async function loadQuality(ctx: Ctx, endpoint: EndpointView): Promise<EndpointQuality> {
  const [{ versions, pending }, names] = await Promise.all([
    readQuality(ctx, { endpointId: endpoint.id }),
    versionNames(endpoint.modelId),
  ])
  const rows = versions
    .map((version) => ({
      ...version,
      name: nameOfVersion(names, version.versionId),
      serves:
        version.versionId === endpoint.stable?.versionId
          ? ('stable' as const)
          : version.versionId === endpoint.candidate?.versionId
            ? ('candidate' as const)
            : null,
    }))
    .sort((a, b) => (a.versionId < b.versionId ? 1 : -1))
  const labelled = rows.reduce((sum, row) => sum + row.counts.labelled, 0)
  const kept = labelled + pending.predictions
  return {
    rows,
    labelledShare: kept === 0 ? null : { share: labelled / kept, kept },
    pending: pending.predictions,
  }
}
