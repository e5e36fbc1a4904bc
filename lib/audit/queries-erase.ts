import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'

/** Erases who it was in up to `limit` entries of a workspace that a person made or that are about their roles. */
export async function erasePersonOf(
  tx: Tx,
  of: { workspaceId: string; identityId: string; now: Date; limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update audit_detail set person = null, person_salt = '', person_erased_at = ${of.now} where entry_id in (
      select d.entry_id from audit_detail d join audit_entry e on e.id = d.entry_id
      where d.person is not null and e.workspace_id = ${of.workspaceId} and (e.actor_id = ${of.identityId}
        or (e.resource_kind = 'identity' and e.resource_id = ${of.identityId})
        or (e.resource_kind = 'binding' and e.resource_id in
          (select id from role_binding where identity_id = ${of.identityId} and workspace_id = ${of.workspaceId})))
      order by d.entry_id limit ${of.limit} for update of d)`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** Erases who it was in one entry. @returns false when that was erased before */
export async function erasePersonIn(tx: Tx, entryId: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('audit_detail')
    .set({ person: null, person_salt: '', person_erased_at: now })
    .where('entry_id', '=', entryId)
    .where('person', 'is not', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Erases all that these entries say; their digests stay in their rows and in the log. */
export async function eraseContents(tx: Tx, entryIds: readonly string[], now: Date): Promise<number> {
  if (entryIds.length === 0) return 0
  const { numUpdatedRows } = await tx
    .updateTable('audit_detail')
    .set({
      content: null,
      salt: '',
      erased_at: now,
      person: null,
      person_salt: sql`case when person is null then person_salt else '' end`,
      person_erased_at: sql`case when person is null then person_erased_at else ${now} end`,
    })
    .where('entry_id', 'in', [...entryIds])
    .where('content', 'is not', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** The oldest entries that still say something and were made before the id, locked. */
export async function lockKept(tx: Tx, beforeId: string, limit: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('audit_detail')
    .select('entry_id')
    .where('content', 'is not', null)
    .where('entry_id', '<', beforeId)
    .orderBy('entry_id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map((r) => r.entry_id)
}

export function selectIdentity(db: Reader, id: string): Promise<{ id: string } | undefined> {
  return db.selectFrom('identity').select('id').where('id', '=', id).executeTakeFirst()
}
