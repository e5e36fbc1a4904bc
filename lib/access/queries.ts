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
