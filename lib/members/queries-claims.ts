import type { GivenRole } from '#lib/access/issuer-config.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import type { ClaimBinding } from './claim-roles.ts'
import { insertClaimBinding } from './queries-bindings.ts'

/** The roles that an identity holds by what its issuer claims. */
export async function selectClaimBindings(db: Reader, identityId: string): Promise<ClaimBinding[]> {
  const rows = await db
    .selectFrom('role_binding as b')
    .innerJoin('workspace as w', 'w.id', 'b.workspace_id')
    .select([
      'b.id as bindingId',
      'b.workspace_id as workspaceId',
      'w.name as workspace',
      'b.role',
      'b.environment',
      'b.label',
      'b.expires_at as expiresAt',
    ])
    .where('b.identity_id', '=', identityId)
    .where('b.source', '=', 'claim')
    .where('b.revoked_at', 'is', null)
    .limit(1_000)
    .execute()
  return rows.flatMap(({ expiresAt, ...row }) => (expiresAt === null ? [] : [{ ...row, expiresAt }]))
}

/** The ids of the workspaces of these names; one that is not there is not in it. */
export async function selectWorkspaceIds(db: Reader, names: readonly string[]): Promise<Map<string, string>> {
  if (names.length === 0) return new Map()
  const rows = await db
    .selectFrom('workspace')
    .select(['id', 'name'])
    .where('name', 'in', [...names])
    .execute()
  return new Map(rows.map((r) => [r.name, r.id]))
}

/** Adds a role that a claim gives, or lets it last longer. One that the identity was given by somebody stays as it is. */
export async function upsertClaimBinding(
  tx: Tx,
  b: { workspaceId: string; identityId: string; role: GivenRole; createdBy: string; now: Date; expiresAt: Date },
): Promise<void> {
  const { role, environment, label } = b.role
  const present = await tx
    .updateTable('role_binding')
    .set({ expires_at: b.expiresAt })
    .where('workspace_id', '=', b.workspaceId)
    .where('identity_id', '=', b.identityId)
    .where('role', '=', role)
    .where('environment', environment === null ? 'is' : '=', environment)
    .where('label', label === null ? 'is' : '=', label)
    .where('source', '=', 'claim')
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (present.numUpdatedRows > 0n) return
  await insertClaimBinding(tx, { ...b, id: newId('binding', b.now), role, environment, label })
}

/** Ends roles that claims gave; returns how many still held. */
export async function endClaimBindings(tx: Tx, bindingIds: readonly string[], now: Date): Promise<number> {
  if (bindingIds.length === 0) return 0
  const result = await tx
    .updateTable('role_binding')
    .set({ revoked_at: now })
    .where('id', 'in', [...bindingIds])
    .where('source', '=', 'claim')
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

/** Roles that claims gave and that were not said again in time, oldest first. */
export function selectExpiredClaims(db: Reader, now: Date, limit: number) {
  return db
    .selectFrom('role_binding as b')
    .innerJoin('identity as i', 'i.id', 'b.identity_id')
    .select(['b.id as bindingId', 'b.workspace_id as workspaceId', 'b.role', 'i.id as identityId', 'i.name'])
    .where('b.source', '=', 'claim')
    .where('b.revoked_at', 'is', null)
    .where('b.expires_at', '<=', now)
    .orderBy('b.expires_at')
    .limit(limit)
    .execute()
}
