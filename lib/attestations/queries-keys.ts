import type { Reader, Tx } from '#lib/platform/db/schema.ts'

export type KeyRow = {
  id: string
  demo: boolean
  keyRef: string
  because: string
  requestedAt: Date
  keyid: string | null
  publicKey: string | null
  validFrom: Date | null
  validUntil: Date | null
}

const columns = [
  'id',
  'demo',
  'key_ref as keyRef',
  'because',
  'requested_at as requestedAt',
  'keyid',
  'public_key as publicKey',
  'valid_from as validFrom',
  'valid_until as validUntil',
] as const

/** Every key there was and is, oldest first. */
export function selectKeys(db: Reader): Promise<KeyRow[]> {
  return db.selectFrom('attestation_key').select(columns).orderBy('id').limit(1_000).execute()
}

/** The key that signs now. With `share` no rotation can end it before the transaction does. */
export function selectLiveKey(db: Reader, demo: boolean, share = false): Promise<KeyRow | undefined> {
  const query = db
    .selectFrom('attestation_key')
    .select(columns)
    .where('demo', '=', demo)
    .where('valid_from', 'is not', null)
    .where('valid_until', 'is', null)
  return (share ? query.forShare() : query).executeTakeFirst()
}

/** The key that is asked for and not made yet. */
export function selectRequestedKey(db: Reader, demo: boolean, lock = false): Promise<KeyRow | undefined> {
  const query = db
    .selectFrom('attestation_key')
    .select(columns)
    .where('demo', '=', demo)
    .where('valid_from', 'is', null)
  return (lock ? query.forUpdate() : query).executeTakeFirst()
}

/** False when one is asked for already, or the name is taken. */
export async function insertKey(
  tx: Tx,
  key: { id: string; demo: boolean; keyRef: string; because: string; requestedBy: string; now: Date },
): Promise<boolean> {
  const result = await tx
    .insertInto('attestation_key')
    .values({
      id: key.id,
      demo: key.demo,
      key_ref: key.keyRef,
      because: key.because,
      requested_at: key.now,
      requested_by: key.requestedBy,
      keyid: null,
      public_key: null,
      valid_from: null,
      valid_until: null,
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Ends the live key of that kind. Signatures after this instant are never its. */
export async function endLiveKey(tx: Tx, demo: boolean, at: Date): Promise<KeyRow | undefined> {
  return tx
    .updateTable('attestation_key')
    .set({ valid_until: at })
    .where('demo', '=', demo)
    .where('valid_from', 'is not', null)
    .where('valid_until', 'is', null)
    .returning(columns)
    .executeTakeFirst()
}

/** Begins the interval of a key that was asked for. */
export async function beginKey(
  tx: Tx,
  key: { id: string; keyid: string; publicKey: string; validFrom: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('attestation_key')
    .set({ keyid: key.keyid, public_key: key.publicKey, valid_from: key.validFrom })
    .where('id', '=', key.id)
    .where('valid_from', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
