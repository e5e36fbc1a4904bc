import type { ClusterReading, ServerObservation } from '#lib/platform/ports/cluster.ts'
import type { TrafficReading, Weight } from '#lib/platform/ports/traffic.ts'
import type { EndpointState } from './model.ts'
import { sameWeights } from './server-spec.ts'

/** What one turn of the reconciler sees. */
export type EndpointObservation = {
  stableVersionId: string | null
  intended: Weight[]
  state: EndpointState
  /** A rollout that has not ended owns the traffic: then this reconciler only looks. */
  rolloutActive: boolean
  /** Whether the version in service is recorded as such, with its alias read back. */
  recorded: boolean
  cluster: ClusterReading
  traffic: TrafficReading
}

/** One act a turn: what is seen before an act is stale after it. */
export type EndpointAction =
  | { kind: 'none' }
  | { kind: 'apply-server'; versionId: string }
  | {
      kind: 'write-weights'
      weights: Weight[]
      expectResourceVersion: string | null
      clearBreaker: string | undefined
      putBack: string | null
    }
  | { kind: 'record-serving'; versionId: string }
  | { kind: 'remove-traffic' }
  | { kind: 'remove-server'; versionId: string }

export type EndpointDecision = { action: EndpointAction; state: EndpointState; because: string; settled: boolean }

/** What to do next so that the data plane comes to match the intent. Pure and total. */
export function decideEndpoint(o: EndpointObservation): EndpointDecision {
  if (o.stableVersionId === null) return decideEmpty(o)
  if (o.cluster.kind === 'unreachable')
    return rest('unreachable', `The cluster does not answer: ${o.cluster.because}.`, false)
  if (o.traffic.kind === 'unreachable')
    return rest('unreachable', `The data plane does not answer: ${o.traffic.because}.`, false)
  const servers = o.cluster.kind === 'observed' ? o.cluster.servers : []
  const server = servers.find((s) => s.versionId === o.stableVersionId)
  if (!server || server.state === 'stopped') {
    return act(
      { kind: 'apply-server', versionId: o.stableVersionId },
      'deploying',
      'Starting the server of the stable version.',
    )
  }
  if (server.state !== 'ready') return waiting(o, server)
  if (o.rolloutActive) return rest('serving', 'A rollout is moving the traffic.', true)
  return decideTraffic(o, o.stableVersionId)
}

/** Where nothing is to serve, nothing may be left: first the traffic, then what served it. */
function decideEmpty({ traffic, cluster }: EndpointObservation): EndpointDecision {
  if (traffic.kind === 'observed') return act({ kind: 'remove-traffic' }, 'empty', 'Taking the traffic away.')
  const server = cluster.kind === 'observed' && traffic.kind === 'absent' ? cluster.servers[0] : undefined
  if (server) return act({ kind: 'remove-server', versionId: server.versionId }, 'empty', 'Taking its servers away.')
  return rest('empty', 'No version is deployed.', true)
}

function decideTraffic(o: EndpointObservation, stable: string): EndpointDecision {
  const { traffic } = o
  if (traffic.kind === 'unreachable') return rest('unreachable', traffic.because, false)
  const observed = traffic.kind === 'observed' ? traffic.weights : []
  if (!sameWeights(observed, o.intended) || (traffic.kind === 'observed' && traffic.breaker !== null)) {
    const trip = traffic.kind === 'observed' ? traffic.breaker : null
    const first = traffic.kind === 'absent'
    const action: EndpointAction = {
      kind: 'write-weights',
      weights: o.intended,
      expectResourceVersion: first ? null : traffic.resourceVersion,
      clearBreaker: trip?.tripId,
      putBack: first || !o.recorded ? null : describeChange(traffic, trip?.because),
    }
    return act(
      action,
      o.recorded ? 'degraded' : 'deploying',
      first ? 'Giving the version its traffic.' : 'The traffic is not as intended; putting it back.',
    )
  }
  if (!o.recorded)
    return act(
      { kind: 'record-serving', versionId: stable },
      'deploying',
      'The traffic was read back; recording what serves.',
    )
  return rest('serving', 'All of the traffic goes to the stable version, as read back.', true)
}

function waiting(o: EndpointObservation, server: ServerObservation): EndpointDecision {
  if (!o.recorded) return rest('deploying', `The server is ${server.state}, restarts: ${server.restarts}.`, false)
  return rest('degraded', `The stable version's server is ${server.state}, restarts: ${server.restarts}.`, false)
}

function describeChange(traffic: Extract<TrafficReading, { kind: 'observed' }>, trip: string | undefined): string {
  const split = traffic.weights.map((w) => `${w.versionId} ${w.percent} %`).join(', ')
  if (trip) return `the data plane went to stable by itself: ${trip}`
  return `found ${split}${traffic.otherManager ? `, written by ${traffic.otherManager}` : ''}`
}

function rest(state: EndpointState, because: string, settled: boolean): EndpointDecision {
  return { action: { kind: 'none' }, state, because, settled }
}

function act(action: EndpointAction, state: EndpointState, because: string): EndpointDecision {
  return { action, state, because, settled: false }
}
