import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { TapCounts } from './tap.ts'

export type AgentMetrics = ReturnType<typeof declareAgentMetrics>

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The metrics of one agent. `read` is asked at each scrape for what is a state rather than an event. */
export function declareAgentMetrics(read: {
  tap(): TapCounts
  endpoints(): { endpoint: string; generation: number; tripped: boolean }[]
}) {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    states: declareStates(registers, read),
    requests: new Counter({
      name: 'quarterdeck_agent_requests_total',
      help: 'Requests through the gateway by endpoint, version and status',
      labelNames: ['endpoint', 'version', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'quarterdeck_agent_request_duration_seconds',
      help: 'Time from admission to the last byte of the model server',
      labelNames: ['endpoint', 'version'],
      buckets: seconds,
      registers,
    }),
    rejected: new Counter({
      name: 'quarterdeck_agent_rejected_total',
      help: 'Requests that reached no version, by reason',
      labelNames: ['reason'],
      registers,
    }),
    trips: new Counter({
      name: 'quarterdeck_agent_breaker_trips_total',
      help: 'Times the breaker sent all traffic of an endpoint to its stable version',
      labelNames: ['endpoint'],
      registers,
    }),
  }
}

function declareStates(registers: Registry[], read: Parameters<typeof declareAgentMetrics>[0]): Gauge[] {
  const gauge = (name: string, help: string, labelNames: string[], fill: (gauge: Gauge) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        fill(this)
      },
    })
  return [
    gauge('quarterdeck_agent_tap_buffered_events', 'Telemetry events waiting to be sent', [], (g) =>
      g.set(read.tap().buffered),
    ),
    gauge('quarterdeck_agent_tap_dropped_events', 'Telemetry events given up since the agent started', [], (g) =>
      g.set(read.tap().dropped),
    ),
    gauge('quarterdeck_agent_tap_rejected_events', 'Telemetry events that the ingest server rejected', [], (g) =>
      g.set(read.tap().rejected),
    ),
    gauge('quarterdeck_agent_generation', 'Generation of the traffic of an endpoint', ['endpoint'], (g) => {
      for (const e of read.endpoints()) g.set({ endpoint: e.endpoint }, e.generation)
    }),
    gauge('quarterdeck_agent_breaker_tripped', '1 while the breaker of an endpoint is latched', ['endpoint'], (g) => {
      for (const e of read.endpoints()) g.set({ endpoint: e.endpoint }, Number(e.tripped))
    }),
  ]
}
