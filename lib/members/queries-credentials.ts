import type { Reader, Tx } from '#lib/platform/db/schema.ts'

/** False when the name is taken. */
export async function insertWorkspace(
  tx: Tx,
  w: { id: string; name: string; title: string; demo: boolean; now: Date },
): Promise<boolean> {
  const { now, ...row } = w
  const result = await tx
    .insertInto('workspace')
    .values({ ...row, created_at: now })
    .onConflict((c) => c.column('name').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export async function insertSession(
  tx: Tx,
  s: {
    id: string
    identityId: string
    now: Date
    expiresAt: Date
    authTime?: Date | null
    issuerName?: string
    sealedIdToken?: string
    agent?: string | null
  },
): Promise<void> {
  await tx
    .insertInto('session')
    .values({
      id: s.id,
      identity_id: s.identityId,
      created_at: s.now,
      seen_at: s.now,
      expires_at: s.expiresAt,
      revoked_at: null,
      auth_time: s.authTime ?? null,
      issuer_name: s.issuerName ?? null,
      sealed_id_token: s.sealedIdToken ?? null,
      agent: s.agent ?? null,
    })
    .execute()
}

/** Notes that a session is in use; never backwards, whichever of two requests comes last. */
export async function touchSession(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.updateTable('session').set({ seen_at: now }).where('id', '=', id).where('seen_at', '<', now).execute()
}

/** False when the session had ended already or never was. */
export async function endSession(tx: Tx, id: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('session')
    .set({ revoked_at: now, sealed_id_token: null })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export async function insertToken(
  tx: Tx,
  token: {
    id: string
    identityId: string
    now: Date
    expiresAt: Date
    issuedBy: string
    authTime: Date | null
  },
): Promise<void> {
  await tx
    .insertInto('api_token')
    .values({
      id: token.id,
      identity_id: token.identityId,
      created_at: token.now,
      expires_at: token.expiresAt,
      revoked_at: null,
      issued_by: token.issuedBy,
      auth_time: token.authTime,
    })
    .execute()
}

export function lockIngestKey(tx: Tx, id: string) {
  return tx.selectFrom('ingest_key').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** A token of a service account of the workspace or of somebody who has a role there; any other does not exist for its admins. */
export function lockToken(tx: Tx, id: string, workspaceId: string) {
  return tx
    .selectFrom('api_token as t')
    .selectAll('t')
    .where('t.id', '=', id)
    .where(({ exists, or, selectFrom }) =>
      or([
        exists(
          selectFrom('role_binding as b')
            .select('b.id')
            .whereRef('b.identity_id', '=', 't.identity_id')
            .where('b.workspace_id', '=', workspaceId)
            .where('b.revoked_at', 'is', null),
        ),
        exists(
          selectFrom('service_account as s')
            .select('s.id')
            .whereRef('s.identity_id', '=', 't.identity_id')
            .where('s.workspace_id', '=', workspaceId),
        ),
      ]),
    )
    .forUpdate()
    .executeTakeFirst()
}

/** The key that signs tokens now. */
export function selectTokenSigner(db: Reader) {
  return db
    .selectFrom('signing_key')
    .select(['id', 'sealed_private_key as sealedPrivateKey'])
    .where('purpose', '=', 'token')
    .where('retired_at', 'is', null)
    .executeTakeFirst()
}

/** Stores the first signing key; another one that was stored at the same time stays the only one. */
export async function insertTokenSigner(
  tx: Tx,
  key: { id: string; publicKey: string; sealedPrivateKey: string; now: Date },
): Promise<void> {
  await tx
    .insertInto('signing_key')
    .values({
      id: key.id,
      purpose: 'token',
      public_key: key.publicKey,
      sealed_private_key: key.sealedPrivateKey,
      created_at: key.now,
      retired_at: null,
    })
    .onConflict((c) => c.column('purpose').where('retired_at', 'is', null).doNothing())
    .execute()
}

/** Revokes all live keys of a workspace and answers their ids. */
export async function markIngestKeysRevoked(tx: Tx, workspaceId: string, now: Date): Promise<string[]> {
  const rows = await tx
    .updateTable('ingest_key')
    .set({ revoked_at: now })
    .where('workspace_id', '=', workspaceId)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}
