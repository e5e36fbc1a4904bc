import { sql, type Kysely } from 'kysely'

/** Sign-in with identity providers: what a session knows of it, roles that claims give, and service accounts. */
export const identity = {
  id: '0006_identity',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(sessions).execute(db)
    await sql.raw(roles).execute(db)
    await sql.raw(accounts).execute(db)
  },
}

// `auth_time` is when the person proved who they are, as their issuer says; null where it does not say. The ID token is
// sealed: it is only ever sent back to the issuer, at sign-out.
const sessions = `
alter table session add column auth_time timestamptz, add column issuer_name text, add column sealed_id_token text, add column agent text;
create index session_identity on session (identity_id, created_at desc) where revoked_at is null;
create table sign_in_used (
  digest text primary key check (digest ~ '^[0-9a-f]{64}$'), expires_at timestamptz not null);
create index sign_in_used_age on sign_in_used (expires_at);
comment on table sign_in_used is 'SHA-256 of the states that came back: each comes back once';
`

// A role of source "claim" is one that the identity's issuer gives by its claims: it ends when it was not said again.
const roles = `
alter table role_binding add column source text not null default 'given' check (source in ('given','claim')),
  add column expires_at timestamptz, add constraint role_binding_claim_ends check ((source = 'claim') = (expires_at is not null));
create index role_binding_claims on role_binding (expires_at) where source = 'claim' and revoked_at is null;
`

const accounts = `
alter table api_token add column issued_by text references identity, add column auth_time timestamptz;
create index api_token_identity on api_token (identity_id, created_at desc);
create table service_account (
  id text primary key, workspace_id text not null references workspace, identity_id text not null unique references identity,
  name text not null check (name ~ '^[a-z][a-z0-9-]{1,40}$'), purpose text not null, created_at timestamptz not null,
  created_by text not null references identity, disabled_at timestamptz, disabled_by text references identity,
  unique (workspace_id, name), check ((disabled_at is null) = (disabled_by is null)));
`
