import type { Reader } from '#lib/platform/db/schema.ts'

/** The version of a model that has that number. */
export function selectVersionNumbered(
  db: Reader,
  modelId: string,
  version: string,
): Promise<{ id: string; digest: string } | undefined> {
  return db
    .selectFrom('model_version')
    .select(['id', 'digest'])
    .where('model_id', '=', modelId)
    .where('version', '=', version)
    .executeTakeFirst()
}
