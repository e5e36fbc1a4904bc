import { selectPersonIds } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { judgeGlassReview } from './judge-break-glass.ts'
import { ReviewBreakGlassInput } from './model-break-glass.ts'
import { lockGlass, updateReview } from './queries-break-glass.ts'

/**
 * Reviews a use of break-glass: by somebody other than its user, under whatever identity. Until then no other use is
 * possible there. An objection ends at once what it cleared.
 */
export async function reviewBreakGlass(
  ctx: Ctx,
  input: ReviewBreakGlassInput,
): Promise<{ breakGlassId: string; verdict: 'accepted' | 'objected' }> {
  const { breakGlassId, verdict, reason } = parseInput(ReviewBreakGlassInput, input)
  return mutate(ctx, { action: 'break-glass:review', load: (tx) => loadGlass(tx, breakGlassId) }, async (tx, glass) => {
    const now = ctx.clock.now()
    const persons = await selectPersonIds(tx, ctx.workspaceId, [ctx.actorId, glass.usedById])
    const usedByPerson = persons.get(glass.usedById) ?? glass.usedById
    const judged = judgeGlassReview({ reviewed: false, usedByPerson }, persons.get(ctx.actorId) ?? ctx.actorId)
    if (!judged.allowed) throw problem('forbidden', judged.because, { usedBy: glass.usedByName })
    if (!(await updateReview(tx, breakGlassId, { by: ctx.actorId, verdict, review: reason, now })))
      throw problem('conflict', 'It was reviewed already.', { reviewedAt: glass.reviewedAt, verdict: glass.verdict })
    const audit = {
      before: { reviewed: false },
      after: { reviewed: true, verdict, usedBy: glass.usedByName },
      because: reason,
    }
    return { value: { breakGlassId, verdict }, audit, wake: ['rollouts', 'endpoints'] }
  })
}

/** For every verb on a use of break-glass: locked, with what roles are narrowed by. */
export async function loadGlass(tx: Tx, id: string) {
  const subject = await lockGlass(tx, id)
  if (!subject) return undefined
  const { workspaceId, environment, labels, modelName, version } = subject
  const resource = { kind: 'break-glass', id, workspaceId, environment, labels }
  return { subject, resource, name: `${modelName}@${version} in ${environment}` }
}
