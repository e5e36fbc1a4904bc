import type { EndpointRow } from '#lib/endpoints/reads.ts'
import type { ServerObservation } from '#lib/platform/ports/cluster.ts'
import type { Weight } from '#lib/platform/ports/traffic.ts'
import type { RolloutObservation } from './observation.ts'
import type { PlanInput } from './plan.ts'
import type { RolloutRow } from './model.ts'

/** What was read back, or is known from the last reading, when a plan is made. */
export type PlanFacts = {
  fence: number
  candidatePercent: number
  /** Null when the cluster could not be read. */
  servers: readonly ServerObservation[] | null
  fromApproval: RolloutObservation['approval']
  toApproval: RolloutObservation['approval']
  /** The version that the alias should name now. */
  aliasVersionId: string | null
  alias: string
}

// A rolled-back candidate stays for requests in flight; a replaced stable version stays a minute longer, so that going
// back needs no start of a server while it is most likely.
const rollbackScaleDownSeconds = 10
const promotionScaleDownSeconds = 60

/** An older reading says nothing of what runs now. */
const recentMs = 10_000

/** The facts in the form that plans are made from. */
export function planInput(kind: 'rollback' | 'promotion', row: RolloutRow, facts: PlanFacts): PlanInput {
  const ready = (versionId: string) => ({ ready: readyReplicas(facts.servers, versionId), desired: 1 })
  return {
    rolloutId: row.id,
    endpointId: row.endpointId,
    fence: facts.fence,
    policyDigest: row.policyDigest,
    candidate: { versionId: row.to.versionId, digest: row.to.digest },
    stable: { versionId: row.from.versionId, digest: row.from.digest },
    stableApproval: facts.fromApproval,
    candidateApproval: facts.toApproval,
    candidatePercent: facts.candidatePercent,
    replicas: { stable: ready(row.from.versionId), candidate: ready(row.to.versionId), needed: 1 },
    alias: { model: row.modelName, name: facts.alias, versionId: facts.aliasVersionId },
    scaleDownAfterSeconds: kind === 'rollback' ? rollbackScaleDownSeconds : promotionScaleDownSeconds,
  }
}

/** The percent that a version has in a split; 0 when it is not named. */
export function percentOf(weights: readonly Weight[], versionId: string): number {
  return weights.find((w) => w.versionId === versionId)?.percent ?? 0
}

/** What the endpoint's reconciler read back last, for verbs, which do not call the outside. */
export function knownFacts(
  row: RolloutRow,
  endpoint: EndpointRow,
  now: Date,
): Pick<PlanFacts, 'candidatePercent' | 'servers'> {
  const { observed } = endpoint
  const traffic = observed?.traffic ?? null
  // Our own read-back of the step is newer than what the endpoint's reconciler saw, who only looks now and then.
  const isReadBack =
    row.stepStartedAt !== null || typeof row.chain.promotion?.trafficVerifiedAt === 'string' || traffic === null
  return {
    candidatePercent: isReadBack ? row.weight : percentOf(traffic.weights, row.to.versionId),
    servers: observed?.missing === null && isRecent(endpoint.observedAt, now) ? observed.servers : null,
  }
}

function isRecent(at: Date | null, now: Date): boolean {
  return at !== null && now.getTime() - at.getTime() <= recentMs
}

// An unread cluster counts as ready: the plan's preflight asks again before any traffic moves.
function readyReplicas(servers: PlanFacts['servers'], versionId: string): number {
  if (servers === null) return 1
  return servers.some((s) => s.versionId === versionId && s.state === 'ready') ? 1 : 0
}
