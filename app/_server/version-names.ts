import { cache } from 'react'
import { listVersions } from '#lib/models/reads.ts'
import { requireCtx } from './session.ts'

const versionsMax = 200

/** The names of a model's newest 200 versions by id, asked once a request. */
export const versionNames = cache(async (modelId: string): Promise<ReadonlyMap<string, string>> => {
  const { items } = await listVersions(await requireCtx(), modelId, { limit: versionsMax })
  return new Map(items.map(({ id, version }) => [id, version]))
})

/** The name of a version, or its id when it is older than those. */
export function nameOfVersion(names: ReadonlyMap<string, string>, versionId: string): string {
  return names.get(versionId) ?? versionId
}
