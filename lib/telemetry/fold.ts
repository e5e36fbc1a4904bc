import type { IndexedEvent } from './admit.ts'
import type { HeartbeatEvent, LabelEvent, PredictionEvent, RequestEvent } from './events.ts'
import { emptyHistogram, record, type Histogram } from './histogram.ts'

/**
 * Requests of one endpoint, version and traffic generation in ten seconds of wall time. Only those that were waited for: when the
 * client went away first nobody knows what the answer would have been, and a hanging version must not look well for it.
 */
export type RequestFact = {
  workspaceId: string
  endpointId: string
  versionId: string
  generation: number
  sliceAtMs: number
  requests: number
  errors: number
  cpuMicros: number
  /** Of how many requests the model server reported its CPU time; of the others it is not known. */
  cpuReported: number
  latency: Histogram
}

export type Fold = {
  facts: Map<string, RequestFact>
  /** The newest of each agent. */
  heartbeats: Map<string, { workspaceId: string; event: HeartbeatEvent }>
  /** For the other domains. */
  predictions: { workspaceId: string; event: PredictionEvent }[]
  labels: { workspaceId: string; keyEndpointId: string | null; event: LabelEvent }[]
}

export const sliceMs = 10_000

/** What the gateway reports when the client closed its connection before there was an answer. */
const clientGone = 499

export function emptyFold(): Fold {
  return { facts: new Map(), heartbeats: new Map(), predictions: [], labels: [] }
}

/**
 * Adds admitted events to the fold, in place, and returns it. Counts and integer sums only: any order and any division into
 * batches gives the same facts. An error is a status of 500 or above, or 0, no answer; a client that went away (499) is not
 * counted at all.
 */
export function foldEvents(
  fold: Fold,
  sender: { workspaceId: string; endpointId: string | null },
  events: readonly IndexedEvent[],
): Fold {
  for (const { event, workspaceId = sender.workspaceId } of events) {
    switch (event.type) {
      case 'request':
        if (event.status !== clientGone) countRequest(fold.facts, workspaceId, event)
        break
      case 'prediction':
        fold.predictions.push({ workspaceId, event })
        break
      case 'label':
        fold.labels.push({ workspaceId, keyEndpointId: sender.endpointId, event })
        break
      case 'heartbeat': {
        const key = `${workspaceId} ${event.agent}`
        const held = fold.heartbeats.get(key)
        if (!held || held.event.time <= event.time) fold.heartbeats.set(key, { workspaceId, event })
        break
      }
    }
  }
  return fold
}

/** The facts in the order of their keys: the one order in which every transaction writes them. */
export function sortedFacts(fold: Fold): RequestFact[] {
  return [...fold.facts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, fact]) => fact)
}

function countRequest(facts: Fold['facts'], workspaceId: string, event: RequestEvent): void {
  const { endpoint, version, generation } = event
  const sliceAtMs = Math.floor(event.time / sliceMs) * sliceMs
  const key = `${endpoint} ${version} ${generation} ${sliceAtMs}`
  let fact = facts.get(key)
  if (!fact) {
    const names = { workspaceId, endpointId: endpoint, versionId: version, generation, sliceAtMs }
    fact = { ...names, requests: 0, errors: 0, cpuMicros: 0, cpuReported: 0, latency: emptyHistogram() }
    facts.set(key, fact)
  }
  fact.requests += 1
  if (event.status >= 500 || event.status === 0) fact.errors += 1
  if (event.cpuSeconds !== undefined) {
    fact.cpuMicros += Math.round(event.cpuSeconds * 1e6)
    fact.cpuReported += 1
  }
  record(fact.latency, event.latencyMs)
}
