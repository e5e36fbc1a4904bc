import { sql, type Kysely } from 'kysely'

/** Model cards of versions; who is told of what, by which channel, and what came of it. */
export const cardsNotifications = {
  id: '0011_cards_notifications',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(cardTables).execute(db)
    await sql.raw(notificationTables).execute(db)
  },
}

// Revision 0 is the card that was registered with the version, in its own row. A revision is written once; the digest is
// the SHA-256 of its bytes, beside the digest of the artefact that it describes.
const cardTables = `
create table model_card (
  id text primary key, workspace_id text not null references workspace, version_id text not null references model_version,
  revision integer not null check (revision > 0), version_digest text not null, text text not null check (octet_length(text) <= 262144),
  digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'), because text not null, created_at timestamptz not null,
  created_by text not null references identity, unique (version_id, revision));
create function model_card_fixed() returns trigger language plpgsql as $$
begin raise exception 'a revision of a card is written once'; end $$;
create trigger model_card_fixed before update or delete on model_card for each row execute function model_card_fixed();
create trigger model_card_kept before truncate on model_card for each statement execute function model_card_fixed();
`

// A channel belongs to the workspace: its mail server, or a webhook that is told of kinds. `dedupe` is what makes a notification and a
// delivery one of its kind: the same entry of the feed leads to the same text, whoever reads it how often.
const notificationTables = `
create table notification_channel (
  id text primary key, workspace_id text not null references workspace, kind text not null check (kind in ('email','webhook')),
  name text not null, config jsonb not null, sealed_secret text, kinds text[] not null, created_at timestamptz not null,
  created_by text not null references identity, removed_at timestamptz);
create unique index notification_mail_server on notification_channel (workspace_id) where kind = 'email' and removed_at is null;
create table notification_preference (
  workspace_id text not null references workspace, identity_id text not null references identity, inbox_kinds text[] not null,
  email text, email_kinds text[] not null, timing text not null check (timing in ('at-once','hourly','daily')), time_zone text not null,
  digest_hour integer not null check (digest_hour between 0 and 23), muted_until timestamptz, updated_at timestamptz not null,
  primary key (workspace_id, identity_id));
create table notification (
  id text primary key, workspace_id text not null references workspace, identity_id text not null references identity, kind text not null,
  title text not null, text text not null, resource_kind text not null, resource_id text not null, in_inbox boolean not null,
  at timestamptz not null, created_at timestamptz not null, read_at timestamptz, dedupe text not null unique);
create index notification_inbox on notification (workspace_id, identity_id, id desc) where in_inbox;
create index notification_unread on notification (workspace_id, identity_id) where in_inbox and read_at is null;
create table notification_reminder (
  dedupe text primary key, workspace_id text not null references workspace, approval_id text not null, expires_at timestamptz not null,
  due_at timestamptz not null, done_at timestamptz);
create index notification_reminder_due on notification_reminder (due_at) where done_at is null;
create table notification_delivery (
  id text primary key, workspace_id text not null references workspace, channel_id text not null references notification_channel,
  identity_id text references identity, form text not null check (form in ('at-once','digest','webhook','test')), dedupe text not null unique,
  payload jsonb, state text not null check (state in ('waiting','delivered','dropped','dead')), because text not null,
  created_at timestamptz not null, ended_at timestamptz,
  due_at timestamptz not null, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0,
  check ((state = 'waiting') = (ended_at is null)));
create index notification_delivery_due on notification_delivery (due_at);
create index notification_delivery_list on notification_delivery (workspace_id, id desc);
create table notification_delivery_item (
  delivery_id text not null references notification_delivery, notification_id text not null references notification,
  primary key (delivery_id, notification_id));
create table notification_attempt (
  id bigint generated always as identity primary key, delivery_id text not null references notification_delivery, attempt integer not null,
  at timestamptz not null, outcome text not null check (outcome in ('accepted','refused')), permanent boolean not null, because text,
  provider_id text, duration_ms integer not null);
create index notification_attempt_of on notification_attempt (delivery_id, id);
`
