import type { Reader } from '#lib/platform/db/schema.ts'

/** The text of the access rules in force, and its version; undefined before any were published. */
export function selectPublishedRules(db: Reader) {
  return db.selectFrom('access_rules').select(['version', 'digest', 'model', 'policy']).executeTakeFirst()
}

/** Whose token that is, and whether it was revoked. */
export function selectTokenHolder(db: Reader, tokenId: string) {
  return db
    .selectFrom('api_token as t')
    .innerJoin('identity as i', 'i.id', 't.identity_id')
    .leftJoin('service_account as s', 's.identity_id', 'i.id')
    .select(['t.revoked_at', 't.auth_time', 's.disabled_at', 'i.id', 'i.issuer', 'i.subject', 'i.kind', 'i.name'])
    .where('t.id', '=', tokenId)
    .executeTakeFirst()
}

/** The public keys that tokens are verified with: the one that signs now, and the one before it if it was retired since. */
export function selectTokenKeys(db: Reader, retiredSince: Date) {
  return db
    .selectFrom('signing_key')
    .select(['id', 'public_key'])
    .where('purpose', '=', 'token')
    .where((w) => w.or([w('retired_at', 'is', null), w('retired_at', '>', retiredSince)]))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(2)
    .execute()
}
