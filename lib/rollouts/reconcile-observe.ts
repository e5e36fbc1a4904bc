import { sameWeights } from '#lib/endpoints/server-spec.ts'
import type { ClusterReading, ServerObservation } from '#lib/platform/ports/cluster.ts'
import type { TrafficReading } from '#lib/platform/ports/traffic.ts'
import { emptyQuality } from '#lib/quality/fold.ts'
import { findQualityTotals } from '#lib/quality/reads.ts'
import { findRequestTotals } from '#lib/telemetry/reads.ts'
import { approvalOf } from './find-approvals.ts'
import { meanLabelDelaySeconds, measure, type SideFacts } from './measure.ts'
import { isPromotionHeld, splitOf, type RolloutRow } from './model.ts'
import type { RolloutObservation } from './observation.ts'
import { percentOf } from './plan-input.ts'
import { selectHistory } from './queries.ts'
import { selectLastObservation } from './queries-observations.ts'
import type { Turn } from './reconcile-turn.ts'

/** What a turn saw: the readings as they came, and the observation that decisions are made on and replayed from. */
export type Seen = {
  observation: RolloutObservation
  traffic: TrafficReading
  cluster: ClusterReading
  /** The candidate's percent as read, or as intended while it cannot be read. */
  candidatePercent: number
  /** What was stored last. */
  last: RolloutObservation | undefined
}

/** Reads the outside and the facts of both sides, outside of any transaction. What cannot be read is unknown. */
export async function observeRollout(turn: Turn): Promise<Seen> {
  const { system, row, now } = turn
  const [traffic, cluster, { approval, frozen: freeze }, history, last] = await Promise.all([
    system.ports.traffic(row.cluster).read(row.endpointId),
    system.ports.cluster(row.cluster).observe(row.endpointId),
    approvalOf(system.db, row, now, { share: false }),
    selectHistory(system.db, row.endpointId, row.to.versionId),
    selectLastObservation(system.db, row.id),
  ])
  const sides = await factsOfStep(turn)
  const generation = row.stepGeneration
  const metrics = row.policy.analysis.metrics.flatMap(
    (metric) => (sides && generation !== null && measure(metric, sides, generation, sides.labelDelaySeconds)) || [],
  )
  const observation: RolloutObservation = {
    // A promotion that was held half way is judged as what it is: stable is no longer known to be the healthy side.
    state: isPromotionHeld(row) ? 'promoting' : row.state,
    stepIndex: row.step,
    stepStartedAt: row.stepStartedAt?.getTime() ?? null,
    stepGeneration: generation,
    heldBecause: row.heldBecause,
    traffic: { intendedCandidatePercent: row.weight, reading: readingOf(traffic, row), breaker: tripOf(traffic, row) },
    candidate: candidateOf(cluster, row, last?.candidate, now.getTime()),
    approval,
    freeze,
    request: row.request && { kind: 'resume', by: row.request.by, reason: row.request.reason, at: row.request.at },
    requests: { stable: sides?.stable.requests.requests ?? 0, candidate: sides?.candidate.requests.requests ?? 0 },
    metrics,
    history,
  }
  const candidatePercent = traffic.kind === 'observed' ? percentOf(traffic.weights, row.to.versionId) : row.weight
  return { observation, traffic, cluster, candidatePercent, last }
}

/** The candidate's server, if one was read. */
export function serverOf(cluster: ClusterReading, versionId: string): ServerObservation | undefined {
  return cluster.kind === 'observed' ? cluster.servers.find((s) => s.versionId === versionId) : undefined
}

type StepFacts = { stable: SideFacts; candidate: SideFacts; labelDelaySeconds: number }

// Both sides over the same traffic generation and the same time, from the step's read-back and its warm-up on.
async function factsOfStep({ system, row }: Turn): Promise<StepFacts | null> {
  const { stepGeneration: generation, stepStartedAt } = row
  if (generation === null || stepStartedAt === null || !row.policy.steps[row.step]?.judge) return null
  const from = new Date(stepStartedAt.getTime() + row.policy.analysis.warmupSeconds * 1000)
  const hasQuality = row.policy.analysis.metrics.some(({ of }) => of.startsWith('quality.'))
  const { endpointId } = row
  const side = async ({ versionId }: { versionId: string }) => {
    const [requests, quality, everLabelled] = await Promise.all([
      findRequestTotals(system.db, { endpointId, versionId, generation, from }),
      hasQuality ? findQualityTotals(system.db, { endpointId, versionId, generation }) : emptyQuality(),
      hasQuality ? findQualityTotals(system.db, { endpointId, versionId }) : emptyQuality(),
    ])
    return { requests, quality, everLabelled }
  }
  const [stable, candidate] = await Promise.all([side(row.from), side(row.to)])
  // Over all generations: a step's own first labels come only when their delay is over, and are the quick ones.
  const labelDelaySeconds = meanLabelDelaySeconds(stable.everLabelled, candidate.everLabelled)
  return { stable, candidate, labelDelaySeconds }
}

function readingOf(traffic: TrafficReading, row: RolloutRow): RolloutObservation['traffic']['reading'] {
  if (traffic.kind === 'unreachable') return { kind: 'unreachable', because: traffic.because }
  if (traffic.kind === 'absent') return { kind: 'observed', candidatePercent: 0, otherManager: null }
  const candidatePercent = percentOf(traffic.weights, row.to.versionId)
  // The candidate's share is as intended, and yet the split is not: a third version has traffic.
  const isOther = candidatePercent === row.weight && !sameWeights(traffic.weights, splitOf(row, row.weight))
  return {
    kind: 'observed',
    candidatePercent,
    otherManager: traffic.otherManager ?? (isOther ? 'somebody else' : null),
  }
}

// A trip that a person has seen and let go is no trouble any more; the next write clears it.
function tripOf(traffic: TrafficReading, row: RolloutRow): RolloutObservation['traffic']['breaker'] {
  const trip = traffic.kind === 'observed' ? traffic.breaker : null
  if (trip === null || trip.tripId === row.request?.acknowledgedTripId) return null
  return { tripId: trip.tripId, because: trip.because }
}

// `since` is our own: a server that crashes again and again changes its state all the time and is never ready.
function candidateOf(
  cluster: ClusterReading,
  row: RolloutRow,
  last: RolloutObservation['candidate'] | undefined,
  nowMs: number,
): RolloutObservation['candidate'] {
  const seen = readinessOf(cluster, row)
  return { ...seen, since: last?.ready === seen.ready ? last.since : nowMs }
}

function readinessOf(cluster: ClusterReading, row: RolloutRow): { ready: boolean | null; because: string } {
  if (cluster.kind === 'unreachable') return { ready: null, because: `the cluster does not answer: ${cluster.because}` }
  const server = serverOf(cluster, row.to.versionId)
  if (server === undefined) return { ready: false, because: 'no server of it is declared yet' }
  if (server.artifactDigest !== null && server.artifactDigest !== row.to.digest) {
    return { ready: false, because: `its server runs another artefact: ${server.artifactDigest}` }
  }
  return { ready: server.state === 'ready', because: `its server is ${server.state}, restarts: ${server.restarts}` }
}
