import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import type { Upstream } from '#lib/platform/ports/upstream.ts'
import {
  markModelsGone,
  markVersionGone,
  recountVersions,
  selectRecordDigests,
  upsertModels,
  upsertVersions,
  versionKey,
} from './queries-mirror.ts'

const rowsMax = 500
/** Versions that a list did not have, asked for by themselves in one turn; the others wait for the next. */
const missingMax = 100

/**
 * Reads every model and every version that the registry shows and writes what is new or differs. A page that moved while
 * it was read may hide a version: none counts as gone before the registry was asked for that one and did not have it.
 */
export async function scan(system: System, registryId: string, upstream: Upstream): Promise<void> {
  const now = system.clock.now()
  const models: string[] = []
  for await (const page of upstream.listModels()) {
    models.push(...page.map((model) => model.name))
    for (let i = 0; i < page.length; i += rowsMax) {
      const rows = page.slice(i, i + rowsMax)
      await housekeep(system, 'registry-mirror', (tx) => upsertModels(tx, registryId, rows, now))
    }
  }
  const known = new Set(models)
  const before = await selectRecordDigests(system.db, registryId)
  const missing = new Map(before)
  for await (const page of upstream.listVersions()) {
    const rows = page
      .filter((version) => known.has(version.name))
      .map((version) => ({ ...version, recordDigest: policyDigest(version) }))
    for (const row of rows) missing.delete(versionKey(row))
    const changed = rows.filter((row) => before.get(versionKey(row)) !== row.recordDigest)
    for (let i = 0; i < changed.length; i += rowsMax) {
      const some = changed.slice(i, i + rowsMax)
      await housekeep(system, 'registry-mirror', (tx) => upsertVersions(tx, registryId, some, now))
    }
  }
  await forgetMissing(system, registryId, upstream, [...missing.keys()].slice(0, missingMax))
  await housekeep(system, 'registry-mirror', async (tx) => {
    await markModelsGone(tx, registryId, models, now)
    await recountVersions(tx, registryId)
  })
}

async function forgetMissing(
  system: System,
  registryId: string,
  upstream: Upstream,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) {
    const [number, name = ''] = key.split('\n', 2)
    const version = { name, version: Number(number) }
    if (await upstream.readVersion(version.name, version.version)) continue
    const now = system.clock.now()
    await housekeep(system, 'registry-mirror', (tx) => markVersionGone(tx, registryId, version, now))
  }
}
