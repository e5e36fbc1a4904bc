import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { registryResource } from './load-registry.ts'
import type { RegistryView, UpstreamModelView } from './model.ts'
import { selectCounts, selectRegistries, selectRegistry, type RegistryCounts, type RegistryRow } from './queries.ts'
import { selectMirrorModels } from './queries-mirror.ts'

export async function listRegistries(
  ctx: Ctx,
  input: { limit?: number; cursor?: string | undefined } = {},
): Promise<Page<RegistryView>> {
  await authorizeRead(ctx, 'registry:read')
  const limit = input.limit ?? 50
  const before = decodeCursor(input.cursor)
  const rows = await selectRegistries(ctx.db, ctx.workspaceId, { before, limit: limit + 1 })
  const page = pageOf(rows, limit, (row) => row.id)
  const counts = await selectCounts(
    ctx.db,
    page.items.map((row) => row.id),
  )
  return { ...page, items: page.items.map((row) => toView(row, counts.get(row.id))) }
}

export async function readRegistry(ctx: Ctx, id: string): Promise<RegistryView> {
  const row = await authorized(ctx, id)
  return toView(row, (await selectCounts(ctx.db, [row.id])).get(row.id))
}

/** What a registry shows, in the order of the names; the cursor is the last name of the page before. */
export async function listUpstreamModels(
  ctx: Ctx,
  id: string,
  input: { limit?: number; cursor?: string | undefined } = {},
): Promise<Page<UpstreamModelView>> {
  const row = await authorized(ctx, id)
  const limit = input.limit ?? 50
  const after = input.cursor === undefined ? '' : Buffer.from(input.cursor, 'base64url').toString('utf8')
  if (after.includes('\0') || !after.isWellFormed()) {
    throw problem('invalid', 'cursor: not one that this list gave', {
      errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
    })
  }
  const rows = await selectMirrorModels(ctx.db, row.id, { after, limit: limit + 1 })
  return pageOf(
    rows.map(({ chosenBy, goneAt, ...rest }) => ({ ...rest, chosen: chosenBy !== null, gone: goneAt !== null })),
    limit,
    (model) => model.name,
  )
}

async function authorized(ctx: Ctx, id: string): Promise<RegistryRow> {
  const row = await selectRegistry(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such registry in this workspace.')
  await authorizeRead(ctx, 'registry:read', registryResource(row))
  return row
}

const none: RegistryCounts = { models: 0, chosen: 0, versions: 0, imported: 0, failed: 0 }

function toView(row: RegistryRow, counts: RegistryCounts = none): RegistryView {
  const { id, name, kind, url, settings, outsideEdits, state, because, server } = row
  const { createdAt, checkedAt, scannedAt, syncedAt, hookAt } = row
  return {
    id,
    name,
    kind,
    url,
    auth: settings.auth,
    outsideEdits,
    state,
    because,
    serverVersion: server?.version ?? null,
    createdAt,
    checkedAt,
    scannedAt,
    syncedAt,
    hookAt,
    ...counts,
  }
}
