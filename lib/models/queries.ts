import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import type { Evaluation, Lineage, ModelView, VersionView } from './model.ts'

export type ModelRow = ModelView & { workspaceId: string; createdBy: string }

const modelColumns = [
  'id',
  'workspace_id as workspaceId',
  'name',
  'title',
  'description',
  'risk',
  'labels',
  'created_at as createdAt',
  'created_by as createdBy',
] as const

export function selectModel(db: Reader, id: string): Promise<ModelRow | undefined> {
  return db.selectFrom('model').select(modelColumns).where('id', '=', id).executeTakeFirst()
}

export function selectModelByName(db: Reader, workspaceId: string, name: string): Promise<ModelRow | undefined> {
  return db
    .selectFrom('model')
    .select(modelColumns)
    .where('workspace_id', '=', workspaceId)
    .where('name', '=', name)
    .executeTakeFirst()
}

/** Locks the model, so that its versions and aliases change one at a time. */
export function lockModel(tx: Tx, id: string): Promise<ModelRow | undefined> {
  return tx.selectFrom('model').select(modelColumns).where('id', '=', id).forUpdate().executeTakeFirst()
}

export function selectModels(
  db: Reader,
  workspaceId: string,
  page: { before: string | undefined; limit: number; text?: string | undefined },
): Promise<ModelRow[]> {
  let query = db.selectFrom('model').select(modelColumns).where('workspace_id', '=', workspaceId)
  if (page.before) query = query.where('id', '<', page.before)
  if (page.text) {
    const like = `%${page.text.replaceAll(/[\\%_]/g, (c) => `\\${c}`)}%`
    query = query.where((w) => w.or([w('name', 'ilike', like), w('title', 'ilike', like)]))
  }
  return query.orderBy('id', 'desc').limit(page.limit).execute()
}

/** False when the workspace has a model of that name. */
export async function insertModel(tx: Tx, row: ModelRow): Promise<boolean> {
  const { workspaceId, createdAt, createdBy, ...rest } = row
  const result = await tx
    .insertInto('model')
    .values({ ...rest, workspace_id: workspaceId, created_at: createdAt, created_by: createdBy })
    .onConflict((c) => c.columns(['workspace_id', 'name']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

function versionQuery(db: Reader) {
  return db
    .selectFrom('model_version as v')
    .innerJoin('model as m', 'm.id', 'v.model_id')
    .innerJoin('identity as i', 'i.id', 'v.created_by')
    .select([
      'v.id',
      'v.workspace_id as workspaceId',
      'v.model_id as modelId',
      'm.name as modelName',
      'm.labels',
      'm.risk',
      'v.version',
      'v.digest',
      'v.artifact_uri as artifactUri',
      'v.files',
      'v.lineage',
      'v.evaluation',
      'v.card',
      'v.created_at as createdAt',
      'v.created_by as createdById',
      'v.run_owner as runOwnerId',
      'i.name as createdByName',
    ])
}

export type VersionRow = VersionView & {
  workspaceId: string
  labels: string[]
  risk: ModelView['risk']
  runOwnerId: string | null
}

function toVersion(row: Awaited<ReturnType<ReturnType<typeof versionQuery>['execute']>>[number]): VersionRow {
  const { createdById, createdByName, files, lineage, evaluation, ...rest } = row
  return {
    ...rest,
    files: files as VersionView['files'],
    lineage: lineage as Lineage,
    evaluation: evaluation as Evaluation,
    createdBy: { id: createdById, name: createdByName },
  }
}

export async function selectVersion(db: Reader, id: string): Promise<VersionRow | undefined> {
  const row = await versionQuery(db).where('v.id', '=', id).executeTakeFirst()
  return row && toVersion(row)
}

export async function selectVersions(
  db: Reader,
  modelId: string,
  page: { before: string | undefined; limit: number },
): Promise<VersionRow[]> {
  let query = versionQuery(db).where('v.model_id', '=', modelId)
  if (page.before) query = query.where('v.id', '<', page.before)
  return (await query.orderBy('v.id', 'desc').limit(page.limit).execute()).map(toVersion)
}

export type NewVersion = Omit<VersionView, 'modelName' | 'createdBy'> & {
  workspaceId: string
  createdBy: string
  runOwner: string | null
}

/** False when the model has that version already: a version is written once. */
export async function insertVersion(tx: Tx, v: NewVersion): Promise<boolean> {
  const result = await tx
    .insertInto('model_version')
    .values({
      id: v.id,
      workspace_id: v.workspaceId,
      model_id: v.modelId,
      version: v.version,
      digest: v.digest,
      artifact_uri: v.artifactUri,
      files: json(v.files),
      lineage: json(v.lineage),
      evaluation: json(v.evaluation),
      card: v.card,
      created_at: v.createdAt,
      created_by: v.createdBy,
      run_owner: v.runOwner,
    })
    .onConflict((c) => c.columns(['model_id', 'version']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export function selectEnvironments(db: Reader, workspaceId: string) {
  return db
    .selectFrom('environment')
    .select(['id', 'name', 'protected', 'workspace_id as workspaceId'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('name')
    .limit(100)
    .execute()
}

export function selectEnvironment(db: Reader, id: string) {
  return db
    .selectFrom('environment')
    .select(['id', 'name', 'protected', 'workspace_id as workspaceId'])
    .where('id', '=', id)
    .executeTakeFirst()
}

export async function insertEnvironment(
  tx: Tx,
  row: { workspaceId: string; name: string; protected: boolean; now: Date },
): Promise<string | undefined> {
  const inserted = await tx
    .insertInto('environment')
    .values({
      id: newId('environment', row.now),
      workspace_id: row.workspaceId,
      name: row.name,
      protected: row.protected,
      created_at: row.now,
    })
    .onConflict((c) => c.columns(['workspace_id', 'name']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted?.id
}

export function selectAlias(db: Reader, modelId: string, alias: string) {
  return db
    .selectFrom('model_alias')
    .selectAll()
    .where('model_id', '=', modelId)
    .where('alias', '=', alias)
    .executeTakeFirst()
}

export function selectAliases(db: Reader, modelId: string) {
  return db
    .selectFrom('model_alias')
    .select(['alias', 'version_id as versionId', 'updated_at as updatedAt'])
    .where('model_id', '=', modelId)
    .orderBy('alias')
    .limit(100)
    .execute()
}

/** Writes the alias; the caller holds the model's lock and has compared what was there. */
export async function upsertAlias(
  tx: Tx,
  row: { modelId: string; alias: string; versionId: string; now: Date },
): Promise<void> {
  await tx
    .insertInto('model_alias')
    .values({ model_id: row.modelId, alias: row.alias, version_id: row.versionId, fence: 1n, updated_at: row.now })
    .onConflict((c) =>
      c.columns(['model_id', 'alias']).doUpdateSet((e) => ({
        version_id: row.versionId,
        updated_at: row.now,
        fence: e('model_alias.fence', '+', 1n),
      })),
    )
    .execute()
}

/** What serves, and what served: newest first. */
export function selectServing(
  db: Reader,
  filter: { workspaceId: string; modelId?: string; endpointId?: string; nowOnly: boolean },
) {
  let query = db
    .selectFrom('model_serving as s')
    .innerJoin('environment as e', 'e.id', 's.environment_id')
    .innerJoin('model_version as v', 'v.id', 's.version_id')
    .select([
      's.endpoint_id as endpointId',
      's.environment_id as environmentId',
      'e.name as environment',
      's.model_id as modelId',
      's.version_id as versionId',
      'v.version',
      's.since',
      's.until',
    ])
    .where('s.workspace_id', '=', filter.workspaceId)
  if (filter.modelId) query = query.where('s.model_id', '=', filter.modelId)
  if (filter.endpointId) query = query.where('s.endpoint_id', '=', filter.endpointId)
  if (filter.nowOnly) query = query.where('s.until', 'is', null)
  return query.orderBy('s.since', 'desc').orderBy('s.id', 'desc').limit(200).execute()
}

/** From now on this version serves at that endpoint; what served there until now has ended. */
export async function insertServing(
  tx: Tx,
  row: {
    workspaceId: string
    modelId: string
    versionId: string
    environmentId: string
    endpointId: string
    now: Date
  },
): Promise<void> {
  await tx
    .updateTable('model_serving')
    .set({ until: row.now })
    .where('endpoint_id', '=', row.endpointId)
    .where('until', 'is', null)
    .execute()
  await tx
    .insertInto('model_serving')
    .values({
      workspace_id: row.workspaceId,
      model_id: row.modelId,
      version_id: row.versionId,
      environment_id: row.environmentId,
      endpoint_id: row.endpointId,
      since: row.now,
      until: null,
    })
    .execute()
}

export function selectIdentityId(db: Reader, issuer: string, subject: string) {
  return db
    .selectFrom('identity')
    .select('id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
}
