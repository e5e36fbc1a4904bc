import { sql, type Kysely } from 'kysely'

/** Connections to outside model registries, and the mirror of what was seen there. */
export const registries = {
  id: '0013_registries',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(connections).execute(db)
    await sql.raw(mirror).execute(db)
  },
}

// What is needed to connect is sealed; `settings` holds what may be shown.
const connections = `
create table registry (
  id text primary key, workspace_id text not null references workspace, name text not null check (name ~ '^[a-z][a-z0-9-]{1,40}$'),
  kind text not null check (kind in ('mlflow')), url text not null, settings jsonb not null, sealed_credentials text, sealed_hook_secret text not null,
  outside_edits text not null check (outside_edits in ('report','put-back')),
  state text not null check (state in ('checking','connected','failing','disabled')), because text not null,
  server jsonb, created_at timestamptz not null, created_by text not null references identity,
  checked_at timestamptz, scanned_at timestamptz, synced_at timestamptz, hook_at timestamptz,
  due_at timestamptz, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0,
  unique (workspace_id, name), check ((state = 'disabled') = (due_at is null)));
create index registry_due on registry (due_at) where due_at is not null;
`

// Rows are what was last read there, not what is intended here. \`verified_version_id\` is the version that we last saw the
// alias name as intended: an alias that differs from it was moved by somebody else, one that never got there is ours to move.
const mirror = `
create table registry_model (
  registry_id text not null references registry, name text not null, model_id text unique references model, chosen_by text references identity,
  description text not null, tags jsonb not null, aliases jsonb not null, versions integer not null default 0, seen_at timestamptz not null, gone_at timestamptz,
  primary key (registry_id, name));
create table registry_version (
  registry_id text not null, name text not null, version integer not null check (version > 0),
  version_id text unique references model_version, record jsonb not null, record_digest text not null, seen_at timestamptz not null, gone_at timestamptz,
  because text, attempts integer not null default 0, next_at timestamptz, digest_due_at timestamptz, found_digest text,
  primary key (registry_id, name, version), foreign key (registry_id, name) references registry_model,
  check ((version_id is null) = (digest_due_at is null)));
create index registry_version_import on registry_version (registry_id, next_at) where version_id is null and gone_at is null;
create index registry_version_digest on registry_version (registry_id, digest_due_at) where version_id is not null and gone_at is null;
create table registry_alias (
  registry_id text not null, name text not null, alias text not null, verified_version_id text references model_version,
  reported text, seen_at timestamptz not null,
  primary key (registry_id, name, alias), foreign key (registry_id, name) references registry_model);
`
