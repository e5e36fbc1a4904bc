import type { Generated } from 'kysely'
import type { Claimable, Json, NullableJson } from './core.ts'

export type TelemetryTables = {
  ingest_batch: { workspace_id: string; batch_id: string; received_at: Date; answer: Json<unknown> }
  request_fact: {
    workspace_id: string
    endpoint_id: string
    version_id: string
    generation: number
    slice_at: Date
    requests: bigint
    errors: bigint
    cpu_micros: bigint
    /** Of how many requests the model server reported CPU time. */
    cpu_reported: Generated<bigint>
    latency: Json<unknown>
  }
  /** Sums of the slices of an hour (UTC), kept in the same transactions. */
  request_hour: {
    workspace_id: string
    endpoint_id: string
    version_id: string
    generation: number
    hour_at: Date
    requests: bigint
    errors: bigint
    cpu_micros: bigint
    cpu_reported: bigint
    latency: Json<unknown>
    last_slice_at: Date
  }
  /** Up to when rows of a kind are no longer read, because they are being deleted. */
  forgotten: { name: string; before: Date }
  agent_heartbeat: { agent_id: string; workspace_id: string; at: Date; content: Json<unknown> }
  pending_prediction: {
    endpoint_id: string
    prediction_id: string
    workspace_id: string
    version_id: string
    generation: number
    event_at: Date
    received_at: Date
    score: number | null
    prediction: string | null
    labelled_at: Date | null
  }
  early_label: {
    workspace_id: string
    prediction_id: string
    endpoint_id: string
    event_at: Date
    received_at: Date
    label: string
    features: Json<unknown>
  }
  quality_fact: {
    workspace_id: string
    endpoint_id: string
    version_id: string
    generation: number
    window_at: Date
    labelled: bigint
    correct: bigint
    positives: bigint
    predicted_positives: bigint
    true_positives: bigint
    score_micros: bigint
    brier_micros: bigint
    log_loss_micros: bigint
    log_loss_square_micros: bigint
    score_positive: bigint[]
    score_negative: bigint[]
    delay_seconds_sum: bigint
  }
}

export type DriftTables = {
  drift_profile: {
    id: string
    workspace_id: string
    version_id: string
    digest: string
    content: Json<unknown>
    source: string
    rows: bigint
    created_at: Date
    created_by: string
  }
  drift_monitor: Claimable & {
    id: string
    workspace_id: string
    endpoint_id: string
    profile_id: string
    name: string
    window_seconds: number
    policy_name: string
    policy_digest: string
    policy: Json<unknown>
    created_at: Date
    label_features: string[]
    lateness_seconds: number
    evaluated_until: Date | null
    last_result: NullableJson<unknown>
  }
  drift_count: { monitor_id: string; feature: string; window_at: Date; counts: bigint[] }
  drift_watermark: { monitor_id: string; newest_event_at: Date }
  drift_result: { monitor_id: string; window_at: Date; at: Date; policy_digest: string; result: Json<unknown> }
  drift_finding: {
    id: string
    workspace_id: string
    monitor_id: string
    endpoint_id: string
    feature: string
    level: 'watch' | 'act'
    state: 'open' | 'acknowledged' | 'resolved'
    since: Date
    last_window_at: Date
    figures: Json<unknown>
    attribution: Json<unknown>
    because: string
    drill: string | null
    opened_at: Date
    acknowledged_at: Date | null
    acknowledged_by: string | null
    resolved_at: Date | null
  }
}

export type ResponseTables = {
  slo: Claimable & {
    id: string
    workspace_id: string
    endpoint_id: string
    name: string
    kind: 'availability' | 'latency'
    target: number
    threshold_ms: number | null
    window_seconds: number
    policy_digest: string
    policy: Json<unknown>
    created_at: Date
    state: 'no-data' | 'ok' | 'burning'
    status: NullableJson<unknown>
    status_at: Date | null
  }
  incident: {
    id: string
    workspace_id: string
    fingerprint: string
    kind: string
    title: string
    severity: 'sev1' | 'sev2' | 'sev3'
    state: 'open' | 'acknowledged' | 'mitigated' | 'resolved'
    endpoint_id: string | null
    rollout_id: string | null
    drill: string | null
    opened_at: Date
    opened_by: string
    opened_by_entry: string | null
    acknowledged_at: Date | null
    acknowledged_by: string | null
    resolved_at: Date | null
    resolved_by: string | null
    because: string
  }
  incident_event: {
    id: Generated<bigint>
    incident_id: string
    at: Date
    kind: string
    text: string
    entry_id: string | null
    actor_id: string | null
  }
}
