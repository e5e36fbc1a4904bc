import { findVersion } from '#lib/models/reads.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import type { Upstream } from '#lib/platform/ports/upstream.ts'
import { observeVersion } from './observe-version.ts'
import type { RegistryRow } from './queries.ts'
import {
  markModelsGone,
  markVersionGone,
  recountVersions,
  selectRecordDigests,
  selectVersionId,
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
export async function scan(system: System, row: RegistryRow, upstream: Upstream): Promise<void> {
  const registryId = row.id
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
  await forgetMissing(system, row, upstream, [...missing.keys()].slice(0, missingMax))
  await housekeep(system, 'registry-mirror', async (tx) => {
    await markModelsGone(tx, registryId, models, now)
    await recountVersions(tx, registryId)
  })
}

async function forgetMissing(
  system: System,
  row: RegistryRow,
  upstream: Upstream,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) {
    const [number, name = ''] = key.split('\n', 2)
    const version = { registryId: row.id, name, version: Number(number) }
    if (await upstream.readVersion(version.name, version.version)) continue
    await forget(system, row, version)
  }
}

/** Whoever serves or trusts an imported version hears that its registry has it no more; of others nobody need hear. */
async function forget(
  system: System,
  row: RegistryRow,
  key: { registryId: string; name: string; version: number },
): Promise<void> {
  const now = system.clock.now()
  const versionId = await selectVersionId(system.db, key)
  const own = versionId === undefined ? undefined : await findVersion(system.db, versionId)
  if (!own) {
    await housekeep(system, 'registry-mirror', (tx) => markVersionGone(tx, key, now))
    return
  }
  const name = `${own.modelName}@${own.version}`
  const because = `${row.name} has version ${key.version} of ${key.name} no more: what was imported from it as ${name} stays here.`
  const found = {
    versionId: own.id,
    name,
    before: { digest: own.digest },
    after: { state: 'deleted-upstream', number: key.version },
    because,
  }
  try {
    await observeVersion(system, row, found, async (tx) => {
      if (!(await markVersionGone(tx, key, now))) throw problem('conflict', 'Another turn has told this.')
    })
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error
  }
}
