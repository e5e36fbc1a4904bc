import { sql, type Kysely } from 'kysely'

/** Model cards of versions; who is told of what, by which channel, and what came of it. */
export const cardsNotifications = {
  id: '0011_cards_notifications',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(cardTables).execute(db)
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
