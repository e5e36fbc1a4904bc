import { sql, type Kysely } from 'kysely'

/** Models, environments, versions, aliases and what serves where; approvals and their votes. */
export const models = {
  id: '0002_models',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(modelTables).execute(db)
    await sql.raw(approvalTables).execute(db)
  },
}

const modelTables = `
create table environment (
  id text primary key, workspace_id text not null references workspace, name text not null check (name ~ '^[a-z][a-z0-9-]{1,40}$'),
  protected boolean not null, created_at timestamptz not null, unique (workspace_id, name));
create table model (
  id text primary key, workspace_id text not null references workspace, name text not null check (name ~ '^[a-z][a-z0-9-]{1,62}$'),
  title text not null, description text not null, risk text not null check (risk in ('low','medium','high')),
  labels text[] not null, created_at timestamptz not null, created_by text not null references identity,
  unique (workspace_id, name));
create table model_version (
  id text primary key, workspace_id text not null references workspace, model_id text not null references model,
  version text not null, digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'), artifact_uri text not null, files jsonb not null,
  lineage jsonb not null, evaluation jsonb not null, card text not null, created_at timestamptz not null,
  created_by text not null references identity, run_owner text references identity, unique (model_id, version));
create table model_alias (
  model_id text not null references model, alias text not null, version_id text not null references model_version,
  fence bigint not null default 0, updated_at timestamptz not null, primary key (model_id, alias));
create table model_serving (
  id bigint generated always as identity primary key, workspace_id text not null references workspace, model_id text not null references model,
  version_id text not null references model_version, environment_id text not null references environment, endpoint_id text not null,
  since timestamptz not null, until timestamptz);
create unique index model_serving_now on model_serving (endpoint_id) where until is null;
create index model_serving_history on model_serving (endpoint_id, since desc);
`

const approvalTables = `
create table approval (
  id text primary key, workspace_id text not null references workspace, model_id text not null references model,
  version_id text not null references model_version, environment_id text not null references environment,
  revision integer not null check (revision > 0), revision_digest text not null, subject jsonb not null,
  policy_name text not null, policy_digest text not null, policy jsonb not null,
  state text not null check (state in ('open','approved','rejected','expired','withdrawn','superseded','revoked')),
  because text not null, requested_by text not null references identity, requested_at timestamptz not null,
  decided_at timestamptz, expires_at timestamptz not null,
  check ((state in ('open')) = (decided_at is null)));
create unique index approval_live on approval (version_id, environment_id) where state in ('open','approved');
create index approval_inbox on approval (workspace_id, state, requested_at desc);
create table approval_vote (
  id text primary key, approval_id text not null references approval, revision integer not null, identity_id text not null references identity,
  role text not null, decision text not null check (decision in ('approve','reject')), reason text not null, revision_digest text not null,
  at timestamptz not null, unique (approval_id, revision, identity_id));
`
