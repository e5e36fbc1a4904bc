import { sql } from 'kysely'
import type { Reader } from '#lib/platform/db/schema.ts'

/** More versions than anybody makes of one commit. */
const versionsMax = 50

/**
 * The versions of a workspace whose lineage names this commit, by its whole hash, as their code: the hash alone or in an
 * address such as `git+https://…@<commit>`. Oldest first.
 */
export async function selectVersionsOfCommit(db: Reader, workspaceId: string, commit: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from model_version
    where workspace_id = ${workspaceId}
      and lower(substring(lineage->>'code' from '\\m[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?\\M')) = ${commit}
    order by id limit ${versionsMax}`.execute(db)
  return rows.map((row) => row.id)
}
