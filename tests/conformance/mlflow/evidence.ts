import type { TestSystem } from '../../support/system.ts'

/** The evidence of a version, as it is stored. */
export function readEvidence(t: TestSystem, versionId: string) {
  return t.system.db
    .selectFrom('evidence')
    .select(['kind', 'content', 'source'])
    .where('version_id', '=', versionId)
    .execute()
}
