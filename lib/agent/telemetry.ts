import type { Clock } from '#lib/platform/clock.ts'
import { capturePrediction } from './capture.ts'
import type { Endpoints } from './endpoints.ts'
import type { AgentEvent, HeartbeatEvent, RequestEvent } from './events.ts'
import type { Served } from './gateway.ts'
import type { TapCounts } from './tap.ts'

/** The events of one served request: always its request event, and its prediction event when there is one. */
export function eventsOf(served: Served): AgentEvent[] {
  const { endpointId: endpoint, versionId: version, generation, status } = served
  const request: RequestEvent = {
    type: 'request',
    time: served.timeMs,
    endpoint,
    version,
    generation,
    status,
    latencyMs: served.latencyMs,
  }
  const cpuSeconds = Number(served.answer?.headers['x-cpu-seconds'] ?? Number.NaN)
  if (Number.isFinite(cpuSeconds) && cpuSeconds >= 0) request.cpuSeconds = cpuSeconds
  // 503 without an answer is the gateway's own (busy, starting, down): no model server worked on it, so this is known.
  if (!served.answer && status === 503) request.cpuSeconds = 0
  if (!served.answer || status >= 300) return [request]
  const facts = { id: served.predictionId, time: served.eventTimeMs, endpoint, version, generation }
  const prediction = capturePrediction(facts, served.requestBody, served.answer.body)
  return prediction ? [request, prediction] : [request]
}

export type HeartbeatOptions = {
  clock: Clock
  agentId: string
  everyMs: number
  endpoints: Endpoints
  tap(): TapCounts
  onBeat(event: HeartbeatEvent): void
}

/** Beats at once and then regularly until the signal aborts. */
export async function beat(o: HeartbeatOptions, ended: AbortSignal): Promise<void> {
  for (let sequence = 1; !ended.aborted; sequence++) {
    o.onBeat(heartbeatEvent(o, sequence))
    await o.clock.sleep(o.everyMs, ended)
  }
}

function heartbeatEvent(o: HeartbeatOptions, sequence: number): HeartbeatEvent {
  const endpoints = o.endpoints.views().flatMap(({ endpointId, traffic }) => {
    if (!traffic) return []
    const { generation, weights, breaker } = traffic
    return [{ endpoint: endpointId, generation, weights, breaker }]
  })
  return { type: 'heartbeat', time: o.clock.now().getTime(), agent: o.agentId, sequence, endpoints, tap: o.tap() }
}
