import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { processSingleton } from './globals.ts'

/** Every metric that Quarterdeck exposes of itself, in one registry a process. Names follow Prometheus' conventions. */
export type Metrics = ReturnType<typeof declareMetrics>

export function processMetrics(): Metrics {
  return processSingleton('metrics', () => {
    const metrics = declareMetrics()
    collectDefaultMetrics({ register: metrics.registry })
    return metrics
  })
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** A fresh, unshared set; `processMetrics` is the one that a running role uses. */
export function declareMetrics() {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    httpRequestSeconds: new Histogram({
      name: 'quarterdeck_http_request_duration_seconds',
      help: 'Time to answer an API request',
      labelNames: ['method', 'route', 'status'],
      buckets: seconds,
      registers,
    }),
    mutations: new Counter({
      name: 'quarterdeck_mutations_total',
      help: 'Governed writes by action and outcome',
      labelNames: ['action', 'outcome'],
      registers,
    }),
    reconcileTurns: new Counter({
      name: 'quarterdeck_reconcile_turns_total',
      help: 'Turns of a reconciler by outcome',
      labelNames: ['reconciler', 'outcome'],
      registers,
    }),
    reconcileSeconds: new Histogram({
      name: 'quarterdeck_reconcile_turn_duration_seconds',
      help: 'Time of one turn of a reconciler',
      labelNames: ['reconciler'],
      buckets: seconds,
      registers,
    }),
    feedEntriesPassedOver: new Counter({
      name: 'quarterdeck_feed_entries_passed_over_total',
      help: 'Audit entries that a consumer of the feed could not follow and has passed over; alarm above 0',
      labelNames: ['consumer'],
      registers,
    }),
    accessRulesVersion: new Gauge({
      name: 'quarterdeck_access_rules_version',
      help: 'Version of the access rules that this process decides by; 0 before any were published',
      registers,
    }),
    accessRulesFailures: new Counter({
      name: 'quarterdeck_access_rules_failures_total',
      help: 'Access rules that could not be loaded; those before them stay in force',
      registers,
    }),
    ...declareProofMetrics(registers),
    ingestEvents: new Counter({
      name: 'quarterdeck_ingest_events_total',
      help: 'Telemetry events by type and outcome (folded, rejected, duplicate)',
      labelNames: ['type', 'outcome'],
      registers,
    }),
    ingestQueued: new Gauge({
      name: 'quarterdeck_ingest_queued_events',
      help: 'Telemetry events accepted into memory and not committed yet',
      registers,
    }),
    sseClients: new Gauge({
      name: 'quarterdeck_event_stream_clients',
      help: 'Open event streams of consoles',
      registers,
    }),
  }
}

/** What proves: the audit log and the attestations. */
function declareProofMetrics(registers: Registry[]) {
  return {
    auditBacklog: new Gauge({
      name: 'quarterdeck_audit_unsequenced_entries',
      help: 'Committed audit entries that have no place in the log yet',
      registers,
    }),
    auditLagSeconds: new Gauge({
      name: 'quarterdeck_audit_sequencer_lag_seconds',
      help: 'Age of the oldest audit entry without a place in the log',
      registers,
    }),
    attestationsPending: new Gauge({
      name: 'quarterdeck_attestations_pending',
      help: 'Statements that are not signed yet',
      registers,
    }),
    attestationLagSeconds: new Gauge({
      name: 'quarterdeck_attestation_signing_lag_seconds',
      help: 'Age of the oldest statement that is not signed',
      registers,
    }),
    auditPublishedSize: new Gauge({
      name: 'quarterdeck_audit_published_entries',
      help: 'Entries of the log under the checkpoint that was published last, by place',
      labelNames: ['target'],
      registers,
    }),
    auditMismatches: new Gauge({
      name: 'quarterdeck_audit_mismatches',
      help: 'What the monitor has found wrong with the log, its published checkpoints or stored attestations; alarm above 0',
      registers,
    }),
    auditMissingEntries: new Gauge({
      name: 'quarterdeck_audit_missing_entries',
      help: 'Entries that processes have counted and that have no place in the log',
      registers,
    }),
  }
}
