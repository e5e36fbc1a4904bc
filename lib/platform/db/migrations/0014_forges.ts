import { sql, type Kysely } from 'kysely'

/** Repositories whose forge tells of its pipelines by webhook, and the evidence that came of it. */
export const forges = {
  id: '0014_forges',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(connections).execute(db)
    await sql.raw(runs).execute(db)
  },
}

const connections = `
create table forge (
  id text primary key, workspace_id text not null references workspace, name text not null check (name ~ '^[a-z][a-z0-9-]{1,40}$'),
  kind text not null check (kind in ('github','gitlab')), repository text not null, sealed_hook_secret text,
  created_at timestamptz not null, created_by text not null references identity,
  disabled_at timestamptz, disabled_by text references identity,
  unique (workspace_id, name), check ((disabled_at is null) = (disabled_by is null)), check ((disabled_at is null) = (sealed_hook_secret is not null)));
`

// A delivery is known by its body, which the forge signs, and by its id, which it may not: neither counts twice for a version.
const runs = `
create table forge_delivery (
  forge_id text not null references forge, body_digest text not null check (body_digest ~ '^sha256:[0-9a-f]{64}$'),
  version_id text not null references model_version, delivery_id text not null, evidence_id text not null references evidence,
  received_at timestamptz not null,
  primary key (forge_id, body_digest, version_id), unique (forge_id, delivery_id, version_id));
create index model_version_commit on model_version (workspace_id, lower(substring(lineage->>'code' from '\\m[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?\\M')));
alter table evidence drop constraint evidence_kind_check,
  add constraint evidence_kind_check check (kind in ('evaluation','model-card','data-validation','security-scan','drift-baseline','test-result','ci-run'));
`
