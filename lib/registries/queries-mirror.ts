import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { UpstreamModel, UpstreamVersion } from '#lib/platform/ports/upstream.ts'

export type MirrorModel = {
  name: string
  modelId: string | null
  chosenBy: string | null
  description: string
  tags: Record<string, string>
  aliases: Record<string, number>
  versions: number
  goneAt: Date | null
}

const modelColumns = [
  'name',
  'model_id as modelId',
  'chosen_by as chosenBy',
  'description',
  'tags',
  'aliases',
  'versions',
  'gone_at as goneAt',
] as const

export async function selectMirrorModel(
  db: Reader,
  registryId: string,
  name: string,
): Promise<MirrorModel | undefined> {
  const query = db.selectFrom('registry_model').select(modelColumns).where('registry_id', '=', registryId)
  return (await query.where('name', '=', name).executeTakeFirst()) as MirrorModel | undefined
}

/** Models in the order of their names, after `after`. */
export async function selectMirrorModels(
  db: Reader,
  registryId: string,
  page: { after: string; limit: number },
): Promise<(MirrorModel & { imported: number; failed: number; because: string | null })[]> {
  const rows = await db
    .selectFrom('registry_model as m')
    .select([
      ...modelColumns,
      sql<bigint>`(select count(v.version_id) from registry_version v
        where v.registry_id = m.registry_id and v.name = m.name and v.gone_at is null)`.as('imported'),
      sql<bigint>`(select count(*) from registry_version v where v.registry_id = m.registry_id and v.name = m.name
        and v.gone_at is null and v.version_id is null and v.because is not null)`.as('failed'),
      sql<string | null>`(select v.because from registry_version v where v.registry_id = m.registry_id
        and v.name = m.name and v.gone_at is null and v.because is not null order by v.version desc limit 1)`.as(
        'because',
      ),
    ])
    .where('m.registry_id', '=', registryId)
    .where('m.name', '>', page.after)
    .orderBy('m.name')
    .limit(page.limit)
    .execute()
  return rows.map((row) => ({
    ...(row as unknown as MirrorModel),
    because: row.because,
    imported: Number(row.imported),
    failed: Number(row.failed),
  }))
}

/** The chosen models that are there, for one turn's look at their aliases. */
export async function selectChosen(db: Reader, registryId: string, limit: number): Promise<MirrorModel[]> {
  const rows = await db
    .selectFrom('registry_model')
    .select(modelColumns)
    .where('registry_id', '=', registryId)
    .where('chosen_by', 'is not', null)
    .where('gone_at', 'is', null)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows as MirrorModel[]
}

/** Writes what was read of models; a row that says the same already is left alone. */
export async function upsertModels(
  tx: Tx,
  registryId: string,
  models: readonly UpstreamModel[],
  now: Date,
): Promise<void> {
  if (models.length === 0) return
  await tx
    .insertInto('registry_model')
    .values(
      models.map((m) => ({
        registry_id: registryId,
        name: m.name,
        model_id: null,
        chosen_by: null,
        description: m.description,
        tags: json(m.tags),
        aliases: json(m.aliases),
        versions: 0,
        seen_at: now,
        gone_at: null,
      })),
    )
    .onConflict((c) =>
      c
        .columns(['registry_id', 'name'])
        .doUpdateSet((e) => ({
          description: e.ref('excluded.description'),
          tags: e.ref('excluded.tags'),
          aliases: e.ref('excluded.aliases'),
          seen_at: now,
          gone_at: null,
        }))
        .where(
          sql<boolean>`(registry_model.description, registry_model.tags, registry_model.aliases, registry_model.gone_at)
            is distinct from (excluded.description, excluded.tags, excluded.aliases, excluded.gone_at)`,
        ),
    )
    .execute()
}

export async function markChosen(
  tx: Tx,
  registryId: string,
  names: readonly string[],
  chosenBy: string,
): Promise<string[]> {
  const rows = await tx
    .updateTable('registry_model')
    .set((e) => ({ chosen_by: e.fn.coalesce('chosen_by', e.val(chosenBy)) }))
    .where('registry_id', '=', registryId)
    .where('name', 'in', [...names])
    .where('gone_at', 'is', null)
    .returning('name')
    .execute()
  return rows.map(({ name }) => name)
}

export async function linkModel(tx: Tx, registryId: string, name: string, modelId: string): Promise<void> {
  await tx
    .updateTable('registry_model')
    .set({ model_id: modelId })
    .where('registry_id', '=', registryId)
    .where('name', '=', name)
    .where('model_id', 'is', null)
    .execute()
}

export async function isLinked(db: Reader, modelId: string): Promise<boolean> {
  const query = db.selectFrom('registry_model').select('name').where('model_id', '=', modelId)
  return (await query.executeTakeFirst()) !== undefined
}

/** Marks models as gone that a whole reading of the list did not have. */
export async function markModelsGone(tx: Tx, registryId: string, seen: readonly string[], now: Date): Promise<void> {
  await tx
    .updateTable('registry_model')
    .set({ gone_at: now })
    .where('registry_id', '=', registryId)
    .where('gone_at', 'is', null)
    .where(sql<boolean>`name <> all(${[...seen]}::text[])`)
    .execute()
}

/** The digests of the records of versions as last written, by name and number. */
export async function selectRecordDigests(db: Reader, registryId: string): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('registry_version')
    .select(['name', 'version', 'record_digest'])
    .where('registry_id', '=', registryId)
    .where('gone_at', 'is', null)
    .execute()
  return new Map(rows.map((r) => [versionKey(r), r.record_digest]))
}

/** A version among those of a registry. */
export function versionKey({ name, version }: { name: string; version: number }): string {
  return `${version}\n${name}`
}

export async function upsertVersions(
  tx: Tx,
  registryId: string,
  versions: readonly (UpstreamVersion & { recordDigest: string })[],
  now: Date,
): Promise<void> {
  if (versions.length === 0) return
  const values = versions.map(({ recordDigest, ...record }) => ({
    registry_id: registryId,
    name: record.name,
    version: record.version,
    version_id: null,
    record: json(record),
    record_digest: recordDigest,
    seen_at: now,
    gone_at: null,
    because: null,
    next_at: now,
    digest_due_at: null,
    found_digest: null,
    attempts: 0,
  }))
  await tx
    .insertInto('registry_version')
    .values(values)
    .onConflict((c) =>
      c.columns(['registry_id', 'name', 'version']).doUpdateSet((e) => ({
        record: e.ref('excluded.record'),
        record_digest: e.ref('excluded.record_digest'),
        next_at: e.ref('excluded.next_at'),
        // A model that is made anew counts from 1 again: what stands under a number that was gone is read at once.
        digest_due_at: sql<Date | null>`case when registry_version.gone_at is not null and registry_version.version_id is not null
          then ${now} else registry_version.digest_due_at end`,
        seen_at: now,
        gone_at: null,
      })),
    )
    .execute()
}

/** The id here of a version that was imported. */
export async function selectVersionId(
  db: Reader,
  key: { registryId: string; name: string; version: number },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('registry_version')
    .select('version_id')
    .where('registry_id', '=', key.registryId)
    .where('name', '=', key.name)
    .where('version', '=', key.version)
    .executeTakeFirst()
  return row?.version_id ?? undefined
}

/** False when it was marked already. */
export async function markVersionGone(
  tx: Tx,
  key: { registryId: string; name: string; version: number },
  now: Date,
): Promise<boolean> {
  const result = await tx
    .updateTable('registry_version')
    .set({ gone_at: now })
    .where('registry_id', '=', key.registryId)
    .where('name', '=', key.name)
    .where('version', '=', key.version)
    .where('gone_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** How many versions each model has there. */
export async function recountVersions(tx: Tx, registryId: string): Promise<void> {
  await sql`
    update registry_model m set versions = c.n from (
      select m2.name, count(v.version)::integer as n from registry_model m2 left join registry_version v
        on v.registry_id = m2.registry_id and v.name = m2.name and v.gone_at is null
      where m2.registry_id = ${registryId} group by m2.name) c
    where m.registry_id = ${registryId} and m.name = c.name and m.versions <> c.n`.execute(tx)
}
