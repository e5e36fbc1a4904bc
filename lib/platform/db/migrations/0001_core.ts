import { sql, type Kysely } from 'kysely'
import { ownIssuer, rootWorkspaceId, systemIdentityId, workerIdentityId } from '../../actor.ts'

/** Workspaces, identities, tokens, the audit tables, leases and the other housekeeping of the platform. */
export const core = {
  id: '0001_core',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(members).execute(db)
    await sql.raw(audit).execute(db)
    await sql.raw(housekeeping).execute(db)
    await sql.raw(grants).execute(db)
    await sql.raw(installation).execute(db)
  },
}

const members = `
create table workspace (
  id text primary key, name text not null unique check (name ~ '^[a-z][a-z0-9-]{1,40}$'), title text not null,
  demo boolean not null default false, created_at timestamptz not null);
create table identity (
  id text primary key, issuer text not null, subject text not null, kind text not null check (kind in ('person','service','worker','system')),
  name text not null, created_at timestamptz not null, unique (issuer, subject));
create table role_binding (
  id text primary key, workspace_id text not null references workspace, identity_id text not null references identity,
  role text not null check (role in ('viewer','developer','approver','validator','operator','auditor','admin','worker')),
  environment text, label text, created_at timestamptz not null, created_by text not null references identity,
  revoked_at timestamptz);
create unique index role_binding_live on role_binding (workspace_id, identity_id, role, coalesce(environment,''), coalesce(label,'')) where revoked_at is null;
create table session (
  id text primary key, identity_id text not null references identity, created_at timestamptz not null, seen_at timestamptz not null,
  expires_at timestamptz not null, revoked_at timestamptz);
comment on column session.id is 'SHA-256 of the cookie value: the table alone signs nobody in';
create table api_token (
  id text primary key, identity_id text not null references identity, created_at timestamptz not null,
  expires_at timestamptz not null, revoked_at timestamptz);
create table signing_key (
  id text primary key, purpose text not null check (purpose in ('token','log')), public_key text not null, sealed_private_key text not null,
  created_at timestamptz not null, retired_at timestamptz);
create unique index signing_key_live on signing_key (purpose) where retired_at is null;
create table ingest_key (
  id text primary key, workspace_id text not null references workspace, endpoint_id text, kinds text[] not null,
  secret_digest text not null unique, hint text not null, created_at timestamptz not null, created_by text not null references identity,
  revoked_at timestamptz);
`

// An entry's order is (epoch, xid, id): the transaction that wrote it, so that a reader below pg_snapshot_xmin sees
// a prefix that never changes. The epoch rises when the database was restored elsewhere, where xids start anew.
const audit = `
create table audit_epoch (
  epoch integer primary key, system_identifier text not null, started_at timestamptz not null);
create table audit_entry (
  id text primary key, epoch integer not null references audit_epoch, xid xid8 not null default pg_current_xact_id(),
  time timestamptz not null, kind text not null, workspace_id text references workspace, actor_id text references identity,
  resource_kind text not null, resource_id text not null, outcome text not null check (outcome in ('done','denied','found')),
  digest text not null, instance text not null, counter bigint not null, mac text not null,
  -- What a leaf can hold, so that no row, however it came, can stop the sequencer.
  check (id ~ '^ae_[0-9a-z]{26}$' and length(kind) <= 80 and kind ~ '^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)*$'),
  check (digest ~ '^[0-9a-f]{64}$' and mac ~ '^[0-9a-f]{64}$' and instance ~ '^[0-9a-f]{8,64}$'),
  check (counter between 1 and 9007199254740991 and time between '2000-01-01' and '9999-01-01'));
create index audit_entry_feed on audit_entry (epoch, xid, id);
create index audit_entry_workspace on audit_entry (workspace_id, id desc);
create index audit_entry_resource on audit_entry (resource_kind, resource_id, id desc);
create table audit_detail (
  entry_id text primary key references audit_entry, salt text not null, content text, erased_at timestamptz,
  check ((content is null) = (erased_at is not null)));
create table audit_leaf (
  index bigint primary key, entry_id text not null unique references audit_entry, leaf bytea not null, hash bytea not null);
create table audit_tile (
  level integer not null check (level between 0 and 63), index bigint not null, hashes bytea not null,
  primary key (level, index), check (length(hashes) % 32 = 0 and length(hashes) between 32 and 8192));
create table audit_checkpoint (
  size bigint primary key, root text not null, note text not null, time timestamptz not null);
create table audit_sequencer (
  one boolean primary key default true check (one), epoch integer not null, watermark xid8 not null,
  size bigint not null, time timestamptz not null);
create function audit_refuse() returns trigger language plpgsql as $$
begin raise exception 'audit tables are only ever added to (% on %)', tg_op, tg_table_name; end $$;
create function audit_erase_only() returns trigger language plpgsql as $$
begin
  if new.entry_id is distinct from old.entry_id or new.content is not null or new.salt <> '' or old.content is null then
    raise exception 'the detail of an audit entry is never changed, only erased (content null, salt empty)';
  end if;
  return new;
end $$;
create trigger audit_detail_fixed before update on audit_detail for each row execute function audit_erase_only();
create trigger audit_detail_undeleted before delete on audit_detail for each row execute function audit_refuse();
create trigger audit_detail_kept before truncate on audit_detail for each statement execute function audit_refuse();
create trigger audit_entry_fixed before update or delete on audit_entry for each row execute function audit_refuse();
create trigger audit_leaf_fixed before update or delete on audit_leaf for each row execute function audit_refuse();
create trigger audit_checkpoint_fixed before update or delete on audit_checkpoint for each row execute function audit_refuse();
create trigger audit_entry_kept before truncate on audit_entry for each statement execute function audit_refuse();
create trigger audit_leaf_kept before truncate on audit_leaf for each statement execute function audit_refuse();
create trigger audit_checkpoint_kept before truncate on audit_checkpoint for each statement execute function audit_refuse();
`

const housekeeping = `
create table feed_cursor (
  consumer text primary key, epoch integer not null, xid xid8 not null, entry_id text not null, updated_at timestamptz not null);
create table lease (
  name text primary key, holder text not null, fence bigint not null, expires_at timestamptz not null);
create table idempotency_key (
  workspace_id text not null, actor_id text not null, key text not null, request_digest text not null, response jsonb not null,
  created_at timestamptz not null, primary key (workspace_id, actor_id, key));
create index idempotency_key_age on idempotency_key (created_at);
create function bigint_array_add(a bigint[], b bigint[]) returns bigint[] language sql immutable parallel safe as $$
  select array_agg(coalesce(x, 0) + coalesce(y, 0) order by n) from unnest(a, b) with ordinality as t(x, y, n) $$;
`

const grants = `
grant usage on schema public to quarterdeck_writer, quarterdeck_reader;
grant select on all tables in schema public to quarterdeck_reader, quarterdeck_writer;
grant insert, update, delete on all tables in schema public to quarterdeck_writer;
revoke update, delete, truncate on audit_entry, audit_leaf, audit_checkpoint from quarterdeck_writer;
revoke delete, truncate on audit_detail, audit_tile, audit_sequencer, audit_epoch from quarterdeck_writer;
alter default privileges in schema public grant select on tables to quarterdeck_reader, quarterdeck_writer;
alter default privileges in schema public grant insert, update, delete on tables to quarterdeck_writer;
alter default privileges in schema public grant usage on sequences to quarterdeck_writer;
revoke insert, update, delete on schema_migration from quarterdeck_writer;
`

// The installation's own workspace: creating a workspace is an act in it, so the first one needs no exception.
const installation = `
insert into workspace (id, name, title, created_at) values ('${rootWorkspaceId}', 'quarterdeck', 'Installation', now());
insert into identity (id, issuer, subject, kind, name, created_at) values
  ('${systemIdentityId}', '${ownIssuer}', 'system', 'system', 'Quarterdeck', now()),
  ('${workerIdentityId}', '${ownIssuer}', 'worker', 'worker', 'Worker', now());
insert into role_binding (id, workspace_id, identity_id, role, created_at, created_by) values
  ('rb_00000000000000000000000001', '${rootWorkspaceId}', '${systemIdentityId}', 'admin', now(), '${systemIdentityId}');
insert into audit_epoch (epoch, system_identifier, started_at) select 1, system_identifier::text, now() from pg_control_system();
`
