import { sql, type Kysely } from 'kysely'

/** Roles of groups, delegations, linked identities, and the rules of roles that are in force. */
export const roles = {
  id: '0007_roles',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(groups).execute(db)
    await sql.raw(delegations).execute(db)
    await sql.raw(links).execute(db)
    await sql.raw(rules).execute(db)
  },
}

// `identity_group` holds what an issuer said last of whom: it is replaced at each sign-in and bearer token.
const groups = `
create table identity_group (
  identity_id text not null references identity, issuer text not null, group_name text not null check (length(group_name) between 1 and 300),
  since timestamptz not null, seen_at timestamptz not null, primary key (identity_id, group_name));
create index identity_group_name on identity_group (issuer, group_name);
create table group_binding (
  id text primary key, workspace_id text not null references workspace, issuer text not null, group_name text not null check (length(group_name) between 1 and 300),
  role text not null check (role in ('viewer','developer','approver','validator','operator','auditor','admin')),
  environment text, label text, created_at timestamptz not null, created_by text not null references identity, revoked_at timestamptz);
create unique index group_binding_live on group_binding (workspace_id, issuer, group_name, role, coalesce(environment,''), coalesce(label,'')) where revoked_at is null;
create index role_binding_identity on role_binding (identity_id) where revoked_at is null;
`

// Thirty days is the product's limit, held here as well so that no writer passes it.
const delegations = `
create table delegation (
  id text primary key, workspace_id text not null references workspace, delegator_id text not null references identity,
  delegate_id text not null references identity, role text not null check (role in ('developer','approver','validator','operator','auditor')),
  environment text, label text, starts_at timestamptz not null, ends_at timestamptz not null, reason text not null,
  created_at timestamptz not null, created_by text not null references identity, revoked_at timestamptz, revoked_by text references identity,
  check (delegator_id <> delegate_id), check (ends_at > starts_at and ends_at <= starts_at + interval '30 days'),
  check ((revoked_at is null) = (revoked_by is null)));
create index delegation_delegate on delegation (workspace_id, delegate_id) where revoked_at is null;
create index delegation_delegator on delegation (workspace_id, delegator_id) where revoked_at is null;
create index delegation_list on delegation (workspace_id, id desc);
`

// Two identities of one person. The smaller id first, so that a pair is linked once.
const links = `
create table identity_link (
  id text primary key, workspace_id text not null references workspace, identity_a text not null references identity,
  identity_b text not null references identity, reason text not null, linked_at timestamptz not null, linked_by text not null references identity,
  unlinked_at timestamptz, unlinked_by text references identity,
  check (identity_a < identity_b), check ((unlinked_at is null) = (unlinked_by is null)));
create unique index identity_link_live on identity_link (workspace_id, identity_a, identity_b) where unlinked_at is null;
create index identity_link_a on identity_link (identity_a) where unlinked_at is null;
create index identity_link_b on identity_link (identity_b) where unlinked_at is null;
`

// One row: the text that every process decides by. Its version only rises.
const rules = `
create table access_rules (
  one boolean primary key default true check (one), version bigint not null check (version > 0), digest text not null,
  model text not null, policy text not null, loaded_at timestamptz not null);
`
