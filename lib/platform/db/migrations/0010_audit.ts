import { sql, type Kysely } from 'kysely'
import { rootWorkspaceId, systemIdentityId, workerIdentityId } from '#lib/platform/actor.ts'

/** Audit: search over millions of entries, personal detail that can be erased by itself, publishing and the monitor. */
export const audit = {
  id: '0010_audit',
  async up(db: Kysely<unknown>): Promise<void> {
    for (const part of [search, personalDetail, instances, publishing, worker]) await sql.raw(part).execute(db)
  },
}

// Ids of entries begin with their time, so an index that ends in the id serves a time range and both directions of a
// keyset. Entries are never updated; the request of those that exist is filled in here, once, by the tables' owner.
const search = `
alter table audit_entry add column request_id text check (length(request_id) <= 200);
alter table audit_entry disable trigger audit_entry_fixed;
update audit_entry e set request_id = left(d.content::jsonb ->> 'requestId', 200)
  from audit_detail d where d.entry_id = e.id and d.content is not null;
alter table audit_entry enable trigger audit_entry_fixed;
create index audit_entry_kind on audit_entry (workspace_id, kind, id);
create index audit_entry_actor on audit_entry (workspace_id, actor_id, id);
create index audit_entry_thing on audit_entry (workspace_id, resource_id, id);
create index audit_entry_thing_kind on audit_entry (workspace_id, resource_kind, id);
create index audit_entry_outcome on audit_entry (workspace_id, outcome, id) where outcome <> 'done';
create index audit_entry_request on audit_entry (workspace_id, request_id, id);
create index audit_entry_person on audit_entry (actor_id, id);
`

// The content names a person only by a salted digest; who it was stands beside it under a salt of its own, and may be
// erased at any time. What was done is kept for six months at least, whatever a setting says (AI Act, art. 26(6)).
const personalDetail = `
alter table audit_detail add column person_salt text, add column person text, add column person_erased_at timestamptz,
  add check (person is null or person_salt is not null), add check (person is null or person_erased_at is null);
create or replace function audit_erase_only() returns trigger language plpgsql as $$
declare made timestamptz;
begin
  if new.entry_id is distinct from old.entry_id
    or ((new.content, new.salt, new.erased_at) is distinct from (old.content, old.salt, old.erased_at)
      and (old.content is null or new.content is not null or new.salt <> ''))
    or ((new.person, new.person_salt, new.person_erased_at) is distinct from (old.person, old.person_salt, old.person_erased_at)
      and (old.person is null or new.person is not null or new.person_salt <> '' or new.person_erased_at is null)) then
    raise exception 'the detail of an audit entry is never changed, only erased (content null, salt empty)';
  end if;
  if new.content is null and old.content is not null then
    select time into made from audit_entry where id = new.entry_id;
    if new.erased_at at time zone 'UTC' < made at time zone 'UTC' + interval '6 months' then
      raise exception 'what an audit entry says is kept for six months at least; personal detail can be erased earlier';
    end if;
  end if;
  return new;
end $$;
create index audit_detail_kept_content on audit_detail (entry_id) where content is not null;
`

// One row for each process that ever wrote an entry: how many of its entries are in the log and the highest counter
// among them. A difference is an entry that was dropped before it got its place, or a transaction that failed at its end.
const instances = `
create table audit_instance (
  instance text primary key, entries bigint not null, highest bigint not null, last_at timestamptz not null);
insert into audit_instance select e.instance, count(*), max(e.counter), max(e.time)
  from audit_leaf l join audit_entry e on e.id = l.entry_id group by e.instance;
create index audit_instance_gap on audit_instance (last_at) where highest <> entries;
create index audit_entry_counter on audit_entry (instance, counter);
`

const publishing = `
create table audit_publication (
  target text primary key, size bigint not null default 0, note text, published_at timestamptz, checked_at timestamptz,
  attempts integer not null default 0, failure text, due_at timestamptz not null);
create table audit_monitor (
  one boolean primary key default true check (one), next_bundle bigint not null default 0, swept_at timestamptz,
  checked_at timestamptz, next_attestation text not null default '', mismatches jsonb not null default '{}'::jsonb);
revoke delete, truncate on audit_instance, audit_publication, audit_monitor from quarterdeck_writer;
`

// What the monitor finds concerns the installation: its incident is opened in the installation's own workspace.
const worker = `
insert into role_binding (id, workspace_id, identity_id, role, created_at, created_by) values
  ('rb_00000000000000000000000002', '${rootWorkspaceId}', '${workerIdentityId}', 'worker', now(), '${systemIdentityId}');
`
