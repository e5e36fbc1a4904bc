import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { loadApproval } from './cast-vote.ts'
import { endOf, isOverdue } from './model.ts'
import { moveApproval, selectOverdue } from './queries.ts'

const batchMax = 100

/**
 * One turn: moves requests that nobody decided in time and approvals whose time is over to `expired`, each in a
 * transaction of its own. Clearance is judged by the clock at each use, so a late turn opens nothing; it tells people.
 * @returns how many it moved
 */
export async function expireApprovals(system: System): Promise<number> {
  let moved = 0
  for (const due of await selectOverdue(system.db, system.clock.now(), batchMax)) {
    try {
      await expireOne(system, due.workspaceId, due.id)
      moved += 1
    } catch (error) {
      // Somebody decided or revoked it first, or another worker moved it: as good.
      if (isProblem(error, 'conflict')) continue
      system.log.error({ err: error, approvalId: due.id }, 'a request could not be moved to expired; it is tried again')
    }
  }
  return moved
}

async function expireOne(system: System, workspaceId: string, id: string): Promise<void> {
  await mutate(
    workerCtx(system, workspaceId),
    { action: 'approval:expire', load: (tx) => loadApproval(tx, id) },
    async (tx, approval) => {
      const now = system.clock.now()
      const { state: from } = approval
      const because = endOf(from)
      if (!isOverdue(approval, now) || !(await moveApproval(tx, id, { from, to: 'expired', because, now })))
        throw problem('conflict', 'The request has moved meanwhile.', { state: from })
      const audit = { before: { state: from }, after: { state: 'expired', expiresAt: approval.expiresAt }, because }
      return { value: undefined, audit, wake: ['rollouts', 'endpoints'] as const }
    },
  )
}
