import { sql } from 'kysely'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'

/** Links are made and undone one after the other in a workspace, so that a person is judged as it is. */
export async function lockLinks(tx: Tx, workspaceId: string): Promise<void> {
  await tx.selectFrom('workspace').select('id').where('id', '=', workspaceId).forNoKeyUpdate().execute()
}

export async function insertLink(
  tx: Tx,
  link: {
    id: string
    workspaceId: string
    identities: readonly [string, string]
    reason: string
    by: string
    now: Date
  },
): Promise<void> {
  const [one, two] = link.identities
  await tx
    .insertInto('identity_link')
    .values({
      id: link.id,
      workspace_id: link.workspaceId,
      // The order of the database decides which is the smaller, as its check does.
      identity_a: sql<string>`least(${one}::text, ${two}::text)`,
      identity_b: sql<string>`greatest(${one}::text, ${two}::text)`,
      reason: link.reason,
      linked_at: link.now,
      linked_by: link.by,
      unlinked_at: null,
      unlinked_by: null,
    })
    .execute()
}

export function lockLink(tx: Tx, id: string) {
  return tx
    .selectFrom('identity_link')
    .select([
      'id',
      'workspace_id as workspaceId',
      'identity_a as a',
      'identity_b as b',
      'reason',
      'unlinked_at as unlinkedAt',
    ])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** False when it was undone already. */
export async function markUnlinked(tx: Tx, id: string, by: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('identity_link')
    .set({ unlinked_at: now, unlinked_by: by })
    .where('id', '=', id)
    .where('unlinked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** The live links of these workspaces, newest first. */
export function selectLinks(
  db: Reader,
  of: { workspaceIds: readonly string[]; limit: number; before?: string | undefined },
) {
  return db
    .selectFrom('identity_link as l')
    .innerJoin('identity as a', 'a.id', 'l.identity_a')
    .innerJoin('identity as b', 'b.id', 'l.identity_b')
    .innerJoin('identity as w', 'w.id', 'l.linked_by')
    .select(['l.id', 'l.workspace_id as workspaceId', 'l.reason', 'l.linked_at as linkedAt', 'w.name as linkedBy'])
    .select(['a.id as aId', 'a.name as aName', 'a.issuer as aIssuer', 'a.subject as aSubject'])
    .select(['b.id as bId', 'b.name as bName', 'b.issuer as bIssuer', 'b.subject as bSubject'])
    .where('l.workspace_id', 'in', [...of.workspaceIds])
    .where('l.unlinked_at', 'is', null)
    .$if(of.before !== undefined, (q) => q.where('l.id', '<', of.before ?? ''))
    .orderBy('l.id', 'desc')
    .limit(of.limit)
    .execute()
}

/** Every identity that is linked to one of these over any number of links, these included. */
export async function selectLinksOf(
  db: Reader,
  workspaceId: string,
  identityIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with recursive link(a, b) as (
      select identity_a, identity_b from identity_link
      where unlinked_at is null and workspace_id in (${workspaceId}, ${rootWorkspaceId})
    ), edge(a, b) as (select a, b from link union all select b, a from link),
    reached(id) as (
      select unnest(${[...identityIds]}::text[]) union select e.b from reached r join edge e on e.a = r.id
    )
    select id from reached`.execute(db)
  return rows.map((r) => r.id)
}
