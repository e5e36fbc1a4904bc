import { sql, type Kysely } from 'kysely'

/** Service-level objectives with their evaluations, and incidents with their timelines. */
export const response = {
  id: '0005_response',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(sloTables).execute(db)
    await sql.raw(incidentTables).execute(db)
  },
}

const sloTables = `
create table slo (
  id text primary key, workspace_id text not null references workspace, endpoint_id text not null references endpoint, name text not null,
  kind text not null check (kind in ('availability','latency')), target double precision not null check (target > 0 and target < 1),
  threshold_ms double precision, window_seconds integer not null check (window_seconds > 0), policy_digest text not null, policy jsonb not null,
  created_at timestamptz not null, state text not null check (state in ('no-data','ok','burning')), status jsonb, status_at timestamptz,
  due_at timestamptz not null, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0,
  unique (endpoint_id, name), check ((kind = 'latency') = (threshold_ms is not null)));
create index slo_due on slo (due_at);
`

// `opened_by_entry` is the entry of the feed that it was opened for, once; null when a person opened it.
const incidentTables = `
create table incident (
  id text primary key, workspace_id text not null references workspace, fingerprint text not null, kind text not null, title text not null,
  severity text not null check (severity in ('sev1','sev2','sev3')), state text not null check (state in ('open','acknowledged','mitigated','resolved')),
  endpoint_id text, rollout_id text, drill text, opened_at timestamptz not null, opened_by text not null references identity,
  opened_by_entry text unique references audit_entry, acknowledged_at timestamptz, acknowledged_by text references identity,
  resolved_at timestamptz, resolved_by text references identity, because text not null, check ((state = 'resolved') = (resolved_at is not null)));
create unique index incident_open on incident (workspace_id, fingerprint) where state <> 'resolved';
create index incident_list on incident (workspace_id, id desc);
create index incident_about on incident (endpoint_id) where state <> 'resolved';
create table incident_event (
  id bigint generated always as identity primary key, incident_id text not null references incident, at timestamptz not null,
  kind text not null, text text not null, entry_id text references audit_entry, actor_id text references identity,
  unique (incident_id, entry_id));
create table demo_state (
  workspace_id text primary key references workspace, state jsonb not null, updated_at timestamptz not null);
`
