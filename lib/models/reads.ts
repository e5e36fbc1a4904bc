import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageLimitMax, pageOf, type Page } from '#lib/platform/page.ts'
import type { EnvironmentView, ModelView, ServingView, VersionView } from './model.ts'
import {
  selectAliases,
  selectEnvironment,
  selectEnvironments,
  selectModel,
  selectModelByName,
  selectModels,
  selectServing,
  selectVersion,
  selectVersions,
  type ModelRow,
  type VersionRow,
} from './queries.ts'
import { selectVersionNumbered } from './queries-numbered.ts'
import { selectVersionsOfCommit } from './queries-commit.ts'
import { selectNewestVersions } from './queries-newest.ts'

export type NewestVersion = { modelId: string; versionId: string; version: string; createdAt: Date; versions: number }

export type ListInput = { limit?: number; cursor?: string | undefined; text?: string | undefined }

export async function listModels(ctx: Ctx, input: ListInput = {}): Promise<Page<ModelView>> {
  await authorizeRead(ctx, 'model:read')
  const limit = input.limit ?? 50
  const rows = await selectModels(ctx.db, ctx.workspaceId, {
    before: decodeCursor(input.cursor),
    limit: limit + 1,
    text: input.text,
  })
  return pageOf(rows.map(toModel), limit, (m) => m.id)
}

/** A model by id or by name, with its aliases and what serves now. */
export async function readModel(ctx: Ctx, idOrName: string) {
  const row = idOrName.startsWith('mo_')
    ? await selectModel(ctx.db, idOrName)
    : await selectModelByName(ctx.db, ctx.workspaceId, idOrName)
  const model = await authorized(ctx, row)
  const [aliases, serving] = await Promise.all([
    selectAliases(ctx.db, model.id),
    selectServing(ctx.db, { workspaceId: ctx.workspaceId, modelId: model.id, nowOnly: true }),
  ])
  return { ...toModel(model), aliases, serving }
}

export async function listVersions(ctx: Ctx, modelId: string, input: ListInput = {}): Promise<Page<VersionView>> {
  const model = await authorized(ctx, await selectModel(ctx.db, modelId))
  const limit = input.limit ?? 50
  const rows = await selectVersions(ctx.db, model.id, { before: decodeCursor(input.cursor), limit: limit + 1 })
  return pageOf(rows.map(toVersion), limit, (v) => v.id)
}

/** The newest version of each of these models of the workspace, for lists; at most 200 models. */
export async function listNewestVersions(ctx: Ctx, modelIds: readonly string[]): Promise<NewestVersion[]> {
  await authorizeRead(ctx, 'model:read')
  if (modelIds.length === 0) return []
  const rows = await selectNewestVersions(ctx.db, ctx.workspaceId, modelIds.slice(0, pageLimitMax))
  return rows.map((row) => ({ ...row, versions: Number(row.versions) }))
}

export async function readVersion(ctx: Ctx, id: string): Promise<VersionView> {
  return toVersion(await authorizedVersion(ctx, await selectVersion(ctx.db, id)))
}

export async function listEnvironments(ctx: Ctx): Promise<EnvironmentView[]> {
  await authorizeRead(ctx, 'environment:read')
  return (await selectEnvironments(ctx.db, ctx.workspaceId)).map(({ id, name, protected: guarded }) => ({
    id,
    name,
    protected: guarded,
  }))
}

/** What serves now, or with `history` what served, in this workspace, of a model or at an endpoint. */
export async function listServing(
  ctx: Ctx,
  filter: { modelId?: string; endpointId?: string; history?: boolean } = {},
): Promise<ServingView[]> {
  await authorizeRead(ctx, 'model:read')
  const { history, ...rest } = filter
  return selectServing(ctx.db, { ...rest, workspaceId: ctx.workspaceId, nowOnly: history !== true })
}

/** For verbs of other domains, in their transaction: the version with what its approval and roles are narrowed by. */
export function findVersion(db: Reader, id: string): Promise<VersionRow | undefined> {
  return selectVersion(db, id)
}

/** As above: the versions whose lineage names a commit, oldest first. */
export function findVersionsOfCommit(db: Reader, workspaceId: string, commit: string): Promise<string[]> {
  return selectVersionsOfCommit(db, workspaceId, commit)
}

/** As above: the environment. */
export function findEnvironment(db: Reader, id: string) {
  return selectEnvironment(db, id)
}

/** As above: the model. */
export function findModel(db: Reader, id: string): Promise<ModelRow | undefined> {
  return selectModel(db, id)
}

/** As above: a model of the workspace by its name. */
export function findModelNamed(db: Reader, workspaceId: string, name: string): Promise<ModelRow | undefined> {
  return selectModelByName(db, workspaceId, name)
}

/** As above: a version by its number. */
export function findVersionNumbered(db: Reader, modelId: string, version: string) {
  return selectVersionNumbered(db, modelId, version)
}

/** As above: the aliases of a model. */
export function findAliases(db: Reader, modelId: string) {
  return selectAliases(db, modelId)
}

/** As above: what serves at endpoints, newest first. */
export function findServing(db: Reader, filter: Parameters<typeof selectServing>[1]): Promise<ServingView[]> {
  return selectServing(db, filter)
}

async function authorized(ctx: Ctx, row: ModelRow | undefined): Promise<ModelRow> {
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such model in this workspace.')
  await authorizeRead(ctx, 'model:read', {
    kind: 'model',
    id: row.id,
    workspaceId: row.workspaceId,
    labels: row.labels,
  })
  return row
}

async function authorizedVersion(ctx: Ctx, row: VersionRow | undefined): Promise<VersionRow> {
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such version in this workspace.')
  await authorizeRead(ctx, 'model:read', {
    kind: 'version',
    id: row.id,
    workspaceId: row.workspaceId,
    labels: row.labels,
  })
  return row
}

function toModel(row: ModelRow): ModelView {
  const { workspaceId: _, createdBy: __, ...view } = row
  return view
}

function toVersion(row: VersionRow): VersionView {
  const { workspaceId: _, labels: __, risk: ___, runOwnerId: ____, ...view } = row
  return view
}
