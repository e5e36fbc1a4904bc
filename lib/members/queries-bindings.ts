import { sql } from 'kysely'
import type { Tx } from '#lib/platform/db/schema.ts'

/** A role within a scope, of an identity or of a group. */
export type NewBinding = {
  id: string
  workspaceId: string
  role: string
  environment: string | null
  label: string | null
  createdBy: string
  now: Date
}

/** False when the identity holds that role in that scope already. */
export async function insertBinding(tx: Tx, b: NewBinding & { identityId: string }): Promise<boolean> {
  const result = await tx
    .insertInto('role_binding')
    .values({ ...rowOf(b), identity_id: b.identityId })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Of a claim of the identity's issuer: it ends by itself. Nothing happens where the identity holds the role already. */
export async function insertClaimBinding(
  tx: Tx,
  b: NewBinding & { identityId: string; expiresAt: Date },
): Promise<void> {
  await tx
    .insertInto('role_binding')
    .values({ ...rowOf(b), identity_id: b.identityId, source: 'claim', expires_at: b.expiresAt })
    .onConflict((c) => c.doNothing())
    .execute()
}

/** False when the group has that role in that scope already. */
export async function insertGroupBinding(tx: Tx, b: NewBinding & { issuer: string; group: string }): Promise<boolean> {
  const result = await tx
    .insertInto('group_binding')
    .values({ ...rowOf(b), issuer: b.issuer, group_name: b.group })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Takes away what can be taken away once. False when it was already, or never was. */
export async function markRevoked(
  tx: Tx,
  table: 'role_binding' | 'group_binding' | 'ingest_key' | 'api_token',
  id: string,
  now: Date,
): Promise<boolean> {
  const result = await sql`
    update ${sql.table(table)} set revoked_at = ${now} where id = ${id} and revoked_at is null`.execute(tx)
  return result.numAffectedRows === 1n
}

function rowOf(b: NewBinding) {
  return {
    id: b.id,
    workspace_id: b.workspaceId,
    role: b.role,
    environment: b.environment,
    label: b.label,
    created_at: b.now,
    created_by: b.createdBy,
    revoked_at: null,
  }
}
