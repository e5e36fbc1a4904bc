import type { Reader } from '#lib/platform/db/schema.ts'

/** Of each of these models the version that was registered last, and how many there are. */
export function selectNewestVersions(db: Reader, workspaceId: string, modelIds: readonly string[]) {
  return db
    .selectFrom('model_version')
    .distinctOn('model_id')
    .select((e) => [
      'model_id as modelId',
      'id as versionId',
      'version',
      'created_at as createdAt',
      e.fn
        .countAll<bigint>()
        .over((o) => o.partitionBy('model_id'))
        .as('versions'),
    ])
    .where('workspace_id', '=', workspaceId)
    .where('model_id', 'in', modelIds)
    .orderBy('model_id')
    .orderBy('id', 'desc')
    .execute()
}
