import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { loadApproval } from './cast-vote.ts'
import { endOf, isOverdue } from './model.ts'
import { moveApproval, selectOpenIds, selectOverdue } from './queries.ts'
import { markOverdueTold, selectOverdueReviews } from './queries-break-glass.ts'
import { renewRequest } from './renew-request.ts'
import { loadGlass } from './review-break-glass.ts'

const batchMax = 100

/**
 * One turn: moves requests that nobody decided in time and approvals whose time is over to `expired`, submits the new
 * revision of open requests whose subject has changed, and tells of break-glass that nobody has reviewed in time; each in a
 * transaction of its own. Clearance is judged by the clock and the present state at each use, so a late turn opens nothing.
 * @returns how many it worked on
 */
export async function expireApprovals(system: System): Promise<number> {
  const now = system.clock.now()
  const [due, reviews] = [
    await selectOverdue(system.db, now, batchMax),
    await selectOverdueReviews(system.db, now, batchMax),
  ]
  let moved = 0
  for (const { workspaceId, id } of due)
    moved += await attempt(system, { approvalId: id }, () => expireOne(system, workspaceId, id))
  for (const { workspaceId, id } of reviews)
    moved += await attempt(system, { breakGlassId: id }, () => tellOverdue(system, workspaceId, id))
  for (const id of await selectOpenIds(system.db, batchMax))
    moved += await attempt(system, { approvalId: id }, () => renewRequest(system, id))
  return moved
}

async function attempt(system: System, ids: Record<string, string>, run: () => Promise<boolean>): Promise<number> {
  try {
    return (await run()) ? 1 : 0
  } catch (error) {
    // Somebody decided or revoked it first, or another worker moved it: as good.
    if (isProblem(error, 'conflict')) return 0
    system.log.error({ err: error, ...ids }, 'a turn of approvals failed on one of them; it is tried again')
    return 0
  }
}

async function expireOne(system: System, workspaceId: string, id: string): Promise<boolean> {
  return mutate(
    workerCtx(system, workspaceId),
    { action: 'approval:expire', load: (tx) => loadApproval(tx, id) },
    async (tx, approval) => {
      const now = system.clock.now()
      const { state: from } = approval
      const because = endOf(from)
      if (!isOverdue(approval, now) || !(await moveApproval(tx, id, { from, to: 'expired', because, now })))
        throw problem('conflict', 'The request has moved meanwhile.', { state: from })
      const audit = { before: { state: from }, after: { state: 'expired', expiresAt: approval.expiresAt }, because }
      return { value: true, audit, wake: ['rollouts', 'endpoints'] as const }
    },
  )
}

async function tellOverdue(system: System, workspaceId: string, id: string): Promise<boolean> {
  const ctx = workerCtx(system, workspaceId)
  return mutate(ctx, { action: 'break-glass:overdue', load: (tx) => loadGlass(tx, id) }, async (tx, glass) => {
    if (!(await markOverdueTold(tx, id, system.clock.now())))
      throw problem('conflict', 'It was reviewed or told meanwhile.', { breakGlassId: id })
    const { usedByName, reviewDueAt, environment } = glass
    const because = `Nobody has reviewed the break-glass that ${usedByName} used in ${environment}; it was due.`
    return { value: true, audit: { after: { reviewDueAt, usedBy: usedByName }, because }, wake: ['incidents'] as const }
  })
}
