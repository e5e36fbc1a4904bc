import { findEndpoint } from '#lib/endpoints/reads.ts'
import { serverSpec } from '#lib/endpoints/server-spec.ts'
import type { ApplyResult } from '#lib/platform/ports/cluster.ts'
import type { Side } from './model.ts'
import type { Turn } from './reconcile-turn.ts'

/** Declares the server of one side. Idempotent; `applied` does not mean ready. */
export async function applyServer({ system, row, trafficFence }: Turn, side: Side): Promise<ApplyResult> {
  const endpoint = await findEndpoint(system.db, row.endpointId)
  if (!endpoint) throw new Error(`rollout ${row.id} names an endpoint that is not there`)
  const version = { id: side.versionId, digest: side.digest, artifactUri: side.artifactUri }
  return system.ports.cluster(row.cluster).apply(serverSpec(endpoint, version, trafficFence))
}
