import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import type { ForgeView } from './model.ts'
import { selectForges } from './queries.ts'

/** The repositories that tell of their pipelines, newest connection first. */
export async function listForges(
  ctx: Ctx,
  input: { limit?: number; cursor?: string | undefined } = {},
): Promise<Page<ForgeView>> {
  await authorizeRead(ctx, 'forge:read')
  const limit = input.limit ?? 50
  const before = decodeCursor(input.cursor)
  const rows = await selectForges(ctx.db, { workspaceId: ctx.workspaceId, before, limit: limit + 1 })
  const page = pageOf(rows, limit, (row) => row.id)
  return {
    ...page,
    items: page.items.map(({ id, name, kind, repository, createdAt, disabledAt, recorded }) => ({
      id,
      name,
      kind,
      repository,
      createdAt,
      disabledAt,
      recorded,
    })),
  }
}
