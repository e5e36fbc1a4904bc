import { authorizeRead } from '#lib/access/authorize.ts'
import { selectEffectiveRoles, selectPersonIds } from '#lib/access/effective-roles.ts'
import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { awaitingGlass, barredGlass, judgeGlassReview, judgeGlassRule, type GlassRule } from './judge-break-glass.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import type { Can } from './model.ts'
import type { BreakGlassView } from './model-break-glass.ts'
import { choosePolicy } from './policy.ts'
import { selectNewest } from './queries.ts'
import { selectGlass, selectGlasses, selectUnreviewed, type GlassRow } from './queries-break-glass.ts'
import { policySubject, type Place, type Version } from './reads-revision.ts'

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

/** What a use of break-glass would be now; and if it would be refused, why: by the same rules as the verb. */
export type GlassPlan = {
  policy: { name: string; digest: string } | null
  rule: Pick<GlassRule, 'ttl' | 'requireIncident' | 'reviewWithin'> | null
  can: Can
}

/** The plan of `useBreakGlass`, without doing it. What role may do it at all is asked of access. */
export async function planBreakGlass(
  ctx: Ctx,
  input: { versionId: string; environmentId: string },
): Promise<GlassPlan> {
  const [version, environment] = [
    await findVersion(ctx.db, input.versionId),
    await findEnvironment(ctx.db, input.environmentId),
  ]
  if (version?.workspaceId !== ctx.workspaceId || environment?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such version or environment in this workspace.')
  const { workspaceId, labels } = version
  const place = { workspaceId, environment: environment.name, labels }
  await authorizeRead(ctx, 'approval:read', { kind: 'version', id: version.id, ...place })
  const current = policyInForce(version, environment)
  if (typeof current === 'string') return { policy: null, rule: null, can: { allowed: false, because: current } }
  const { policy, digest } = current
  const of = { ...place, identityIds: [ctx.actorId], now: ctx.clock.now(), lock: false }
  const judged = judgeGlassRule(policy, await selectEffectiveRoles(ctx.db, of))
  const open = await selectUnreviewed(ctx.db, { workspaceId, environmentId: environment.id })
  const barred = barredGlass(await selectNewest(ctx.db, { ...input, share: false }))
  const refusal = judged.allowed ? (barred ?? (open ? awaitingGlass(environment.name, open) : null)) : judged
  return {
    policy: { name: policy.name, digest },
    rule: policy.breakGlass ?? null,
    can: refusal ? { allowed: false, because: refusal.because } : { allowed: true },
  }
}

/** May the caller review this use, as far as it is not a question of roles? */
export async function mayReviewGlass(ctx: Ctx, glass: BreakGlassView): Promise<Can> {
  await authorizeRead(ctx, 'approval:read')
  const persons = await selectPersonIds(ctx.db, ctx.workspaceId, [ctx.actorId, glass.usedBy.id])
  const usedByPerson = persons.get(glass.usedBy.id) ?? glass.usedBy.id
  return judgeGlassReview({ reviewed: glass.review !== null, usedByPerson }, persons.get(ctx.actorId) ?? ctx.actorId)
}

// No policy for it, or none that can be told, is a state of the page and no failure.
function policyInForce(version: Version, environment: Place) {
  try {
    return choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
  } catch (error) {
    if (isProblem(error, 'conflict')) return error.message
    throw error
  }
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
