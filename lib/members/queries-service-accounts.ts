import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'

/** False when the workspace has an account of that name. */
export async function insertServiceAccount(
  tx: Tx,
  a: {
    id: string
    workspaceId: string
    identityId: string
    name: string
    purpose: string
    createdBy: string
    now: Date
  },
): Promise<boolean> {
  const result = await tx
    .insertInto('service_account')
    .values({
      id: a.id,
      workspace_id: a.workspaceId,
      identity_id: a.identityId,
      name: a.name,
      purpose: a.purpose,
      created_at: a.now,
      created_by: a.createdBy,
      disabled_at: null,
      disabled_by: null,
    })
    .onConflict((c) => c.columns(['workspace_id', 'name']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Locked, so that no token is issued while it is being disabled. */
export function lockServiceAccount(tx: Tx, id: string) {
  return tx
    .selectFrom('service_account as s')
    .innerJoin('identity as i', 'i.id', 's.identity_id')
    .selectAll('s')
    .select(['i.issuer', 'i.subject'])
    .where('s.id', '=', id)
    .forUpdate('s')
    .executeTakeFirst()
}

export async function markServiceAccountDisabled(tx: Tx, id: string, by: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('service_account')
    .set({ disabled_at: now, disabled_by: by })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Takes the roles of an identity in a workspace away; returns how many. */
export async function revokeBindingsOf(tx: Tx, workspaceId: string, identityId: string, now: Date): Promise<number> {
  const result = await tx
    .updateTable('role_binding')
    .set({ revoked_at: now })
    .where('workspace_id', '=', workspaceId)
    .where('identity_id', '=', identityId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

export function selectServiceAccounts(db: Reader, workspaceId: string, now: Date) {
  return db
    .selectFrom('service_account as s')
    .innerJoin('identity as i', 'i.id', 's.identity_id')
    .innerJoin('identity as c', 'c.id', 's.created_by')
    .select([
      's.id',
      's.name',
      's.purpose',
      's.identity_id as identityId',
      'i.issuer',
      'i.subject',
      's.created_at as createdAt',
      'c.id as creatorId',
      'c.name as creatorName',
      's.disabled_at as disabledAt',
    ])
    .select((e) =>
      e
        .selectFrom('api_token as t')
        .select(sql<number>`count(*)::int`.as('n'))
        .whereRef('t.identity_id', '=', 's.identity_id')
        .where('t.revoked_at', 'is', null)
        .where('t.expires_at', '>', now)
        .as('liveTokens'),
    )
    .where('s.workspace_id', '=', workspaceId)
    .orderBy('s.name')
    .limit(500)
    .execute()
}

/** The newest hundred tokens of an account of that workspace. */
export function selectServiceTokens(db: Reader, workspaceId: string, accountId: string) {
  return db
    .selectFrom('api_token as t')
    .innerJoin('service_account as s', 's.identity_id', 't.identity_id')
    .leftJoin('identity as i', 'i.id', 't.issued_by')
    .select([
      't.id',
      't.created_at as createdAt',
      't.expires_at as expiresAt',
      't.revoked_at as revokedAt',
      'i.id as issuerId',
      'i.name as issuerName',
    ])
    .where('s.workspace_id', '=', workspaceId)
    .where('s.id', '=', accountId)
    .orderBy('t.id', 'desc')
    .limit(100)
    .execute()
}

/** The key that signs tokens now, locked against another rotation. */
export function lockTokenSigner(tx: Tx) {
  return tx
    .selectFrom('signing_key')
    .select(['id', 'created_at'])
    .where('purpose', '=', 'token')
    .where('retired_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

export async function retireTokenSigner(tx: Tx, id: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('signing_key')
    .set({ retired_at: now })
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
