import type { Reader, Tx } from '#lib/platform/db/schema.ts'

const usedMax = 200

/** Marks the state of a sign-in as come back. False when it had come back before: somebody replays it. */
export async function useState(tx: Tx, digest: string, now: Date, expiresAt: Date): Promise<boolean> {
  await tx
    .deleteFrom('sign_in_used')
    .where('digest', 'in', (q) =>
      q.selectFrom('sign_in_used').select('digest').where('expires_at', '<', now).limit(usedMax),
    )
    .execute()
  const result = await tx
    .insertInto('sign_in_used')
    .values({ digest, expires_at: expiresAt })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** The sessions of an identity that have not ended, newest first. */
export function selectLiveSessions(db: Reader, identityId: string, now: Date, idleSince: Date) {
  return db
    .selectFrom('session')
    .select(['id', 'created_at', 'seen_at', 'expires_at', 'agent', 'issuer_name', 'auth_time'])
    .where('identity_id', '=', identityId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('seen_at', '>=', idleSince)
    .orderBy('created_at', 'desc')
    .limit(100)
    .execute()
}

/** Ends the sessions of an identity; returns how many were not ended before. */
export async function endSessionsOf(tx: Tx, identityId: string, now: Date): Promise<number> {
  const result = await tx
    .updateTable('session')
    .set({ revoked_at: now, sealed_id_token: null })
    .where('identity_id', '=', identityId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

/** Ends one session, if it is of that identity and has not ended. */
export async function endSessionOf(tx: Tx, identityId: string, id: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('session')
    .set({ revoked_at: now, sealed_id_token: null })
    .where('identity_id', '=', identityId)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Revokes every live bearer token of our own issuer that an identity has; returns how many. */
export async function revokeTokensOf(tx: Tx, identityId: string, now: Date): Promise<number> {
  const result = await tx
    .updateTable('api_token')
    .set({ revoked_at: now })
    .where('identity_id', '=', identityId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

/** What is needed to sign out of the issuer as well. */
export function selectSessionIssuer(db: Reader, id: string) {
  return db
    .selectFrom('session')
    .select(['issuer_name as issuerName', 'sealed_id_token as sealedIdToken'])
    .where('id', '=', id)
    .executeTakeFirst()
}
