import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import type { BreakGlassView } from './model-break-glass.ts'
import { selectGlass, selectGlasses, type GlassRow } from './queries-break-glass.ts'

/** Uses of break-glass, newest first: also what a page asks for its badge, by version and environment. */
export async function listBreakGlass(
  ctx: Ctx,
  input: {
    limit?: number
    cursor?: string | undefined
    versionId?: string | undefined
    environmentId?: string | undefined
    unreviewed?: boolean | undefined
  } = {},
): Promise<Page<BreakGlassView>> {
  await authorizeRead(ctx, 'approval:read')
  const { limit = 50, cursor, ...filter } = input
  const before = decodeCursor(cursor)
  const rows = await selectGlasses(ctx.db, { ...filter, workspaceId: ctx.workspaceId, before, limit: limit + 1 })
  const now = ctx.clock.now()
  return pageOf(
    rows.map((row) => toView(row, now)),
    limit,
    (g) => g.id,
  )
}

export async function readBreakGlass(ctx: Ctx, id: string): Promise<BreakGlassView> {
  const row = await selectGlass(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such break-glass in this workspace.')
  const { workspaceId, environment, labels } = row
  await authorizeRead(ctx, 'approval:read', { kind: 'break-glass', id, workspaceId, environment, labels })
  return toView(row, ctx.clock.now())
}

function toView(row: GlassRow, now: Date): BreakGlassView {
  const { reviewedAt, reviewedById, verdict } = row
  return {
    id: row.id,
    version: { id: row.versionId, modelName: row.modelName, version: row.version, digest: row.versionDigest },
    environment: { id: row.environmentId, name: row.environment },
    policy: { name: row.policyName, digest: row.policyDigest },
    incidentId: row.incidentId,
    reason: row.reason,
    usedBy: { id: row.usedById, name: row.usedByName },
    at: row.at,
    expiresAt: row.expiresAt,
    live: row.expiresAt > now && verdict !== 'objected',
    reviewDueAt: row.reviewDueAt,
    overdue: reviewedAt === null && row.reviewDueAt <= now,
    review:
      reviewedAt && reviewedById && verdict
        ? {
            by: { id: reviewedById, name: row.reviewedByName ?? '' },
            at: reviewedAt,
            verdict,
            reason: row.review ?? '',
          }
        : null,
  }
}
