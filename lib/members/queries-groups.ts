import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'

export async function selectIssuer(db: Reader, identityId: string): Promise<string | undefined> {
  const row = await db.selectFrom('identity').select('issuer').where('id', '=', identityId).executeTakeFirst()
  return row?.issuer
}

/** Forgets the groups of an identity that are not among these. */
export async function deleteGroupsBut(tx: Tx, identityId: string, names: readonly string[]): Promise<void> {
  await tx
    .deleteFrom('identity_group')
    .where('identity_id', '=', identityId)
    .where(sql<boolean>`not (group_name = any(${[...names]}::text[]))`)
    .execute()
}

/** Remembers that an identity is in these groups; one it was in before keeps the time since when. */
export async function insertGroups(
  tx: Tx,
  of: { identityId: string; issuer: string; names: readonly string[]; now: Date },
): Promise<void> {
  if (of.names.length === 0) return
  await tx
    .insertInto('identity_group')
    .values(
      of.names.map((name) => ({
        identity_id: of.identityId,
        issuer: of.issuer,
        group_name: name,
        since: of.now,
        seen_at: of.now,
      })),
    )
    .onConflict((c) =>
      c
        .columns(['identity_id', 'group_name'])
        .doUpdateSet((e) => ({ seen_at: e.ref('excluded.seen_at') }))
        // A bearer token comes with each request: within the hour nothing is written.
        .where('identity_group.seen_at', '<', new Date(of.now.getTime() - 3_600_000)),
    )
    .execute()
}
