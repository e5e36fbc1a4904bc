import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { UpstreamVersion } from '#lib/platform/ports/upstream.ts'

export type WaitingVersion = { name: string; version: number; record: UpstreamVersion; attempts: number }

/** Versions of chosen models that are to be imported now, oldest first. */
export async function selectWaiting(
  db: Reader,
  registryId: string,
  now: Date,
  limit: number,
): Promise<WaitingVersion[]> {
  const rows = await db
    .selectFrom('registry_version as v')
    .innerJoin('registry_model as m', (j) =>
      j.onRef('m.registry_id', '=', 'v.registry_id').onRef('m.name', '=', 'v.name'),
    )
    .select(['v.name', 'v.version', 'v.record', 'v.attempts'])
    .where('v.registry_id', '=', registryId)
    .where('v.version_id', 'is', null)
    .where('v.gone_at', 'is', null)
    .where('v.next_at', '<=', now)
    .where('m.chosen_by', 'is not', null)
    .orderBy('v.next_at')
    .orderBy('v.name')
    .orderBy('v.version')
    .limit(limit)
    .execute()
  return rows as WaitingVersion[]
}

/** It is here now, under that id. */
export async function linkVersion(
  tx: Tx,
  key: { registryId: string; name: string; version: number },
  versionId: string,
  digestDueAt: Date,
): Promise<void> {
  await tx
    .updateTable('registry_version')
    .set({ version_id: versionId, because: null, attempts: 0, next_at: null, digest_due_at: digestDueAt })
    .where('registry_id', '=', key.registryId)
    .where('name', '=', key.name)
    .where('version', '=', key.version)
    .where('version_id', 'is', null)
    .execute()
}

/** It could not be imported, or not be read again: why, and when the next attempt is. */
export async function noteFailure(
  tx: Tx,
  key: { registryId: string; name: string; version: number },
  because: string,
  nextAt: Date,
): Promise<void> {
  await tx
    .updateTable('registry_version')
    .set((e) => ({ because, attempts: e('attempts', '+', 1), next_at: nextAt }))
    .where('registry_id', '=', key.registryId)
    .where('name', '=', key.name)
    .where('version', '=', key.version)
    .where('version_id', 'is', null)
    .execute()
}

export type DueDigest = {
  name: string
  version: number
  versionId: string
  record: UpstreamVersion
  foundDigest: string | null
  aliased: boolean
}

/** Imported versions whose artefact is to be read again. */
export async function selectDueDigests(db: Reader, registryId: string, now: Date, limit: number): Promise<DueDigest[]> {
  const rows = await db
    .selectFrom('registry_version')
    .select([
      'name',
      'version',
      'version_id as versionId',
      'record',
      'found_digest as foundDigest',
      sql<boolean>`exists (select 1 from model_alias a where a.version_id = registry_version.version_id)`.as('aliased'),
    ])
    .where('registry_id', '=', registryId)
    .where('version_id', 'is not', null)
    .where('gone_at', 'is', null)
    .where('digest_due_at', '<=', now)
    .orderBy('digest_due_at')
    .limit(limit)
    .execute()
  return rows as DueDigest[]
}

export async function updateDigest(
  tx: Tx,
  key: { registryId: string; name: string; version: number },
  found: { digest: string | null; dueAt: Date },
): Promise<void> {
  await tx
    .updateTable('registry_version')
    .set({ found_digest: found.digest, digest_due_at: found.dueAt })
    .where('registry_id', '=', key.registryId)
    .where('name', '=', key.name)
    .where('version', '=', key.version)
    .where('version_id', 'is not', null)
    .execute()
}

export type AliasState = { alias: string; verified: string | null; reported: string | null }

export function selectAliasStates(db: Reader, registryId: string, name: string): Promise<AliasState[]> {
  return db
    .selectFrom('registry_alias')
    .select(['alias', 'verified_version_id as verified', 'reported'])
    .where('registry_id', '=', registryId)
    .where('name', '=', name)
    .execute()
}

/** What was last seen of an alias there. */
export async function upsertAliasState(
  tx: Tx,
  key: { registryId: string; name: string; alias: string },
  seen: { verified: string | null; reported: string | null; now: Date },
): Promise<void> {
  const { verified, reported, now } = seen
  await tx
    .insertInto('registry_alias')
    .values({
      registry_id: key.registryId,
      name: key.name,
      alias: key.alias,
      verified_version_id: verified,
      reported,
      seen_at: now,
    })
    .onConflict((c) =>
      c
        .columns(['registry_id', 'name', 'alias'])
        .doUpdateSet({ verified_version_id: verified, reported, seen_at: now }),
    )
    .execute()
}

/** The numbers at the registry of versions that are here, and the other way round. */
export async function selectNumbers(db: Reader, registryId: string, name: string): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('registry_version')
    .select(['version', 'version_id'])
    .where('registry_id', '=', registryId)
    .where('name', '=', name)
    .where('version_id', 'is not', null)
    .execute()
  return new Map(rows.flatMap((r) => (r.version_id === null ? [] : [[r.version_id, r.version] as const])))
}

/** The connection through which a model came, when it is not disabled. */
export async function selectLink(
  db: Reader,
  workspaceId: string,
  modelName: string,
): Promise<{ registryId: string; name: string; modelId: string } | undefined> {
  const row = await db
    .selectFrom('registry_model as m')
    .innerJoin('registry as r', 'r.id', 'm.registry_id')
    .innerJoin('model as own', 'own.id', 'm.model_id')
    .select(['m.registry_id as registryId', 'm.name', 'own.id as modelId'])
    .where('own.workspace_id', '=', workspaceId)
    .where('own.name', '=', modelName)
    .where('r.state', '<>', 'disabled')
    .executeTakeFirst()
  return row
}
