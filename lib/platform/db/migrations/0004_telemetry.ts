import { sql, type Kysely } from 'kysely'

/** Folded telemetry: request facts, drift counts, predictions that await labels, quality facts, heartbeats. */
export const telemetry = {
  id: '0004_telemetry',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(telemetryTables).execute(db)
    await sql.raw(driftTables).execute(db)
    await sql.raw(qualityTables).execute(db)
  },
}

const telemetryTables = `
create table ingest_batch (
  workspace_id text not null references workspace, batch_id text not null, received_at timestamptz not null, answer jsonb not null,
  primary key (workspace_id, batch_id));
create index ingest_batch_age on ingest_batch (received_at);
create table request_fact (
  workspace_id text not null, endpoint_id text not null, version_id text not null, generation integer not null, slice_at timestamptz not null,
  requests bigint not null, errors bigint not null, cpu_micros bigint not null,
  cpu_reported bigint not null default 0, latency jsonb not null,
  primary key (endpoint_id, version_id, generation, slice_at));
create index request_fact_time on request_fact (endpoint_id, slice_at);
create table agent_heartbeat (
  workspace_id text not null references workspace, agent_id text not null, at timestamptz not null, content jsonb not null,
  primary key (workspace_id, agent_id));
`

// Counts of one feature in one window: a vector over the profile's cells, which adds exactly.
const driftTables = `
create table drift_profile (
  id text primary key, workspace_id text not null references workspace, version_id text not null references model_version,
  digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'), content jsonb not null, source text not null, rows bigint not null,
  created_at timestamptz not null, created_by text not null references identity, unique (version_id, digest));
create table drift_monitor (
  id text primary key, workspace_id text not null references workspace, endpoint_id text not null references endpoint,
  profile_id text not null references drift_profile, name text not null, window_seconds integer not null check (window_seconds > 0),
  policy_name text not null, policy_digest text not null, policy jsonb not null, created_at timestamptz not null,
  label_features text[] not null, lateness_seconds integer not null check (lateness_seconds >= 0),
  evaluated_until timestamptz, last_result jsonb,
  due_at timestamptz not null, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0,
  unique (endpoint_id, name));
create index drift_monitor_due on drift_monitor (due_at);
create table drift_count (
  monitor_id text not null references drift_monitor, feature text not null, window_at timestamptz not null, counts bigint[] not null,
  primary key (monitor_id, feature, window_at));
create index drift_count_window on drift_count (monitor_id, window_at);
create table drift_watermark (
  monitor_id text primary key references drift_monitor, newest_event_at timestamptz not null);
create table drift_result (
  monitor_id text not null references drift_monitor, window_at timestamptz not null, at timestamptz not null, policy_digest text not null,
  result jsonb not null, primary key (monitor_id, window_at));
create table drift_finding (
  id text primary key, workspace_id text not null references workspace, monitor_id text not null references drift_monitor,
  endpoint_id text not null references endpoint, feature text not null, level text not null check (level in ('watch','act')),
  state text not null check (state in ('open','acknowledged','resolved')), since timestamptz not null, last_window_at timestamptz not null,
  figures jsonb not null, attribution jsonb not null, because text not null, drill text,
  opened_at timestamptz not null, acknowledged_at timestamptz, acknowledged_by text references identity, resolved_at timestamptz,
  check ((state = 'resolved') = (resolved_at is not null)));
create unique index drift_finding_open on drift_finding (monitor_id, feature) where state <> 'resolved';
create index drift_finding_list on drift_finding (workspace_id, id desc);
`

// Sums are integers of a millionth, so that they add up exactly in any order. `labelled_at` marks a prediction whose label
// was counted: a second one is a duplicate. An early label's endpoint_id is '' when its key may label any endpoint.
const qualityTables = `
create table pending_prediction (
  endpoint_id text not null, prediction_id text not null, workspace_id text not null, version_id text not null, generation integer not null,
  event_at timestamptz not null, received_at timestamptz not null, score double precision, prediction text, labelled_at timestamptz,
  primary key (workspace_id, prediction_id));
create index pending_prediction_age on pending_prediction (received_at);
create table early_label (
  workspace_id text not null, prediction_id text not null, endpoint_id text not null, event_at timestamptz not null, received_at timestamptz not null, label text not null,
  features jsonb not null, primary key (workspace_id, prediction_id, endpoint_id));
create index early_label_age on early_label (received_at);
create table quality_fact (
  workspace_id text not null, endpoint_id text not null, version_id text not null, generation integer not null, window_at timestamptz not null,
  labelled bigint not null, correct bigint not null, positives bigint not null, predicted_positives bigint not null, true_positives bigint not null,
  score_micros bigint not null, brier_micros bigint not null, log_loss_micros bigint not null, log_loss_square_micros bigint not null,
  score_positive bigint[] not null, score_negative bigint[] not null, delay_seconds_sum bigint not null, primary key (endpoint_id, version_id, generation, window_at));
create index quality_fact_time on quality_fact (endpoint_id, window_at);
`
