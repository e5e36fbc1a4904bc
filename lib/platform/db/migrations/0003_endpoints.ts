import { sql, type Kysely } from 'kysely'

/** Endpoints, rollouts and their stored observations. */
export const endpoints = {
  id: '0003_endpoints',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(endpointTables).execute(db)
    await sql.raw(rolloutTables).execute(db)
  },
}

// due_at, lease_until, lease_holder and fence are the columns that lib/platform/claim.ts works on.
const endpointTables = `
create table endpoint (
  id text primary key, workspace_id text not null references workspace, model_id text not null references model,
  environment_id text not null references environment, name text not null check (name ~ '^[a-z][a-z0-9-]{1,62}$'),
  cluster text not null, template jsonb not null, rollout_policy text not null,
  stable_version_id text references model_version, candidate_version_id text references model_version,
  intended_weights jsonb not null, traffic_fence bigint not null default 0, observed jsonb, observed_at timestamptz,
  state text not null check (state in ('empty','deploying','serving','degraded','unreachable')), because text not null,
  created_at timestamptz not null, created_by text not null references identity,
  due_at timestamptz not null, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0,
  unique (workspace_id, name), check (candidate_version_id is distinct from stable_version_id or candidate_version_id is null));
create index endpoint_due on endpoint (due_at);
`

const rolloutTables = `
create table rollout (
  id text primary key, workspace_id text not null references workspace, endpoint_id text not null references endpoint,
  model_id text not null references model, environment_id text not null references environment,
  from_version_id text not null references model_version, to_version_id text not null references model_version,
  approval_id text references approval, policy_name text not null, policy_digest text not null, policy jsonb not null,
  state text not null check (state in ('pending','progressing','held','promoting','succeeded','rolling-back','rolled-back','failed')),
  step integer not null, weight integer not null check (weight between 0 and 100), step_generation integer, step_started_at timestamptz,
  decision jsonb not null, request jsonb, held_because text, plan jsonb, plan_step integer not null default 0, chain jsonb not null, watch jsonb,
  rollback_at timestamptz, rollback_by text check (rollback_by in ('person','machine')), check ((rollback_at is null) = (rollback_by is null)),
  requested_by text not null references identity, created_at timestamptz not null, ended_at timestamptz,
  due_at timestamptz not null, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0,
  check (from_version_id <> to_version_id),
  check ((state in ('rolling-back','promoting')) <= (plan is not null)),
  check ((state = 'held') = (held_because is not null)),
  check ((state in ('succeeded','rolled-back','failed')) = (ended_at is not null)));
create unique index rollout_one_a_time on rollout (endpoint_id) where ended_at is null;
create index rollout_due on rollout (due_at);
create index rollout_list on rollout (workspace_id, id desc);
create index rollout_of_endpoint on rollout (endpoint_id, id desc);
create table rollout_observation (
  id text primary key, rollout_id text not null references rollout, at timestamptz not null, policy_digest text not null,
  observation jsonb not null, decision jsonb not null);
create index rollout_observation_list on rollout_observation (rollout_id, id desc);
`
