import type { Reader } from '#lib/platform/db/schema.ts'
import type { Binding } from './decide.ts'

/** The live role bindings of an identity in a workspace. In a transaction with `lock` they cannot be taken away meanwhile. */
export async function selectBindings(
  db: Reader,
  identityId: string,
  workspaceId: string,
  lock = false,
): Promise<Binding[]> {
  const query = db
    .selectFrom('role_binding')
    .select(['role', 'workspace_id as workspaceId', 'environment', 'label'])
    .where('identity_id', '=', identityId)
    .where('workspace_id', '=', workspaceId)
    .where('revoked_at', 'is', null)
    .limit(200)
  return lock ? query.forShare().execute() : query.execute()
}

/** Whose token that is, and whether it was revoked. */
export function selectTokenHolder(db: Reader, tokenId: string) {
  return db
    .selectFrom('api_token as t')
    .innerJoin('identity as i', 'i.id', 't.identity_id')
    .select(['t.revoked_at', 'i.id', 'i.issuer', 'i.subject', 'i.kind', 'i.name'])
    .where('t.id', '=', tokenId)
    .executeTakeFirst()
}

/** The public keys that tokens are verified with: the one that signs now, and the one before it while its tokens live. */
export function selectTokenKeys(db: Reader) {
  return db
    .selectFrom('signing_key')
    .select(['id', 'public_key'])
    .where('purpose', '=', 'token')
    .orderBy('created_at', 'desc')
    .limit(2)
    .execute()
}
