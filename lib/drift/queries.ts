import type { Reader } from '#lib/platform/db/schema.ts'

export function selectOpenFindings(db: Reader, endpointId: string) {
  return db
    .selectFrom('drift_finding')
    .select(['id', 'feature', 'level', 'since'])
    .where('endpoint_id', '=', endpointId)
    .where('state', '<>', 'resolved')
    .orderBy('id')
    .limit(1000)
    .execute()
}
