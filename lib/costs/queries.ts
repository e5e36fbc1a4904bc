import { sql } from 'kysely'
import type { Reader } from '#lib/platform/db/schema.ts'
import { findFactsBetween } from '#lib/telemetry/reads-facts.ts'

export type UsageRow = {
  endpointId: string
  versionId: string
  /** From 1: between the first border and the second. */
  piece: number
  requests: bigint
  cpuMicros: bigint
  /** Of how many of the requests CPU time was reported. */
  cpuReported: bigint
}

/**
 * What was used between neighbouring borders, by endpoint and version: of the slices that begin in [border, next border), so
 * that pieces add up exactly wherever a range is split.
 * @param borders ascending, at least two
 */
export async function sumUsage(
  db: Reader,
  where: { workspaceId: string; endpointId?: string | undefined },
  borders: readonly Date[],
): Promise<UsageRow[]> {
  const endpoint = where.endpointId === undefined ? sql`true` : sql`id = ${where.endpointId}`
  const of = sql`f.endpoint_id in (select id from endpoint where workspace_id = ${where.workspaceId} and ${endpoint})`
  const { rows } = await sql<UsageRow>`
    select endpoint_id as "endpointId", version_id as "versionId",
      piece,
      sum(requests)::bigint as requests, sum(cpu_micros)::bigint as "cpuMicros",
      sum(cpu_reported)::bigint as "cpuReported"
    from ${await findFactsBetween(db, of, borders)} as fact
    group by endpoint_id, version_id, piece order by endpoint_id, version_id, piece`.execute(db)
  return rows
}
