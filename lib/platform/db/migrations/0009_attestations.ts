import { sql, type Kysely } from 'kysely'

/** Attestations with the keys that sign them. */
export const attestations = {
  id: '0009_attestations',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(keys).execute(db)
    await sql.raw(statements).execute(db)
  },
}

// A key is asked for first (no public key yet), made at the key management system, then given its interval. Old ones stay:
// what they signed is verified by them.
const keys = `
create table attestation_key (
  id text primary key, demo boolean not null, key_ref text not null unique check (key_ref ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  because text not null, requested_at timestamptz not null, requested_by text not null references identity,
  keyid text unique, public_key text, valid_from timestamptz, valid_until timestamptz,
  check ((keyid is null) = (public_key is null) and (keyid is null) = (valid_from is null)),
  check (valid_until is null or valid_until > valid_from));
create unique index attestation_key_live on attestation_key (demo) where valid_from is not null and valid_until is null;
create unique index attestation_key_requested on attestation_key (demo) where valid_from is null;
revoke delete, truncate on attestation_key from quarterdeck_writer;
`

// A statement is written with the act that it states; the envelope follows once. Nothing else about it ever changes.
const statements = `
create table attestation (
  id text primary key, workspace_id text not null references workspace,
  kind text not null check (kind in ('vote','decision','evidence')),
  subject_kind text not null, subject_id text not null, statement text not null,
  digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'), demo boolean not null, recorded_at timestamptz not null,
  envelope text, envelope_digest text, key_id text references attestation_key, signed_at timestamptz,
  due_at timestamptz, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0,
  unique (workspace_id, digest),
  check ((envelope is null) = (key_id is null) and (envelope is null) = (signed_at is null) and (envelope is null) = (envelope_digest is null)),
  check ((envelope is null) = (due_at is not null)));
create index attestation_due on attestation (due_at) where due_at is not null;
create index attestation_subject on attestation (subject_kind, subject_id, id);
create index attestation_digest on attestation (digest);
create index attestation_envelope on attestation (envelope_digest);
create function attestation_fixed() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' then raise exception 'attestations are kept (% on %)', tg_op, tg_table_name; end if;
  if old.envelope is not null
    or (new.id, new.workspace_id, new.kind, new.subject_kind, new.subject_id, new.statement, new.digest, new.demo, new.recorded_at)
      is distinct from
      (old.id, old.workspace_id, old.kind, old.subject_kind, old.subject_id, old.statement, old.digest, old.demo, old.recorded_at) then
    raise exception 'an attestation is signed once and never changed';
  end if;
  return new;
end $$;
create trigger attestation_fixed before update or delete on attestation for each row execute function attestation_fixed();
create trigger attestation_kept before truncate on attestation for each statement execute function attestation_fixed();
revoke delete, truncate on attestation from quarterdeck_writer;
`
