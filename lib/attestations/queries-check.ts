import type { Reader } from '#lib/platform/db/schema.ts'

/** Stored statements in the order of their ids, after one of them. */
export function selectStored(db: Reader, after: string, limit: number) {
  return db
    .selectFrom('attestation')
    .select(['id', 'statement', 'digest', 'envelope', 'envelope_digest as envelopeDigest'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
}
