import { sql } from 'kysely'
import type { Tx } from '#lib/platform/db/schema.ts'

/** The live roles of a person that reach an approval's environment and model, locked until the transaction ends. */
export async function selectRolesNow(
  tx: Tx,
  identityId: string,
  approval: { workspaceId: string; environment: string; labels: readonly string[] },
): Promise<string[]> {
  const rows = await tx
    .selectFrom('role_binding')
    .select('role')
    .where('workspace_id', '=', approval.workspaceId)
    .where('identity_id', '=', identityId)
    .where('revoked_at', 'is', null)
    .where((w) => w.or([w('environment', 'is', null), w('environment', '=', approval.environment)]))
    .where((w) => w.or([w('label', 'is', null), sql<boolean>`label = any(${[...approval.labels]}::text[])`]))
    .forShare()
    .execute()
  return rows.map((r) => r.role)
}
