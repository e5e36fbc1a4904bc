import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { can, nameOf, resourceOf, SteerRolloutInput, type RolloutRow } from './model.ts'
import { lockRollout, updateRollout } from './queries.ts'

/** Holds a rollout where it is: no weight rises until a person resumes it. Metrics that fail still take it back. */
export async function holdRollout(ctx: Ctx, input: SteerRolloutInput): Promise<{ rolloutId: string; state: 'held' }> {
  const { rolloutId, reason } = parseInput(SteerRolloutInput, input)
  return mutate(ctx, { action: 'rollout:hold', load: (tx) => loadRollout(tx, rolloutId) }, async (tx, row) => {
    const may = can.hold(row)
    if (!may.allowed) throw problem('conflict', `Not held: ${may.because}.`, { state: row.state })
    const heldBecause = `${ctx.actor.name} held it: ${reason}`
    const change = { state: 'held' as const, heldBecause, request: null }
    if (!(await updateRollout(tx, row, change, { now: ctx.clock.now() }))) throw moved(row)
    return {
      value: { rolloutId, state: 'held' as const },
      audit: { before: { state: row.state, step: row.step }, after: { state: 'held' }, because: reason },
      wake: ['rollouts'],
    }
  })
}

/** For every verb on a rollout: locked, with what roles are narrowed by. */
export async function loadRollout(tx: Tx, rolloutId: string) {
  const subject = await lockRollout(tx, rolloutId)
  return subject && { subject, resource: resourceOf(subject), name: nameOf(subject) }
}

/** A locked row that a conditional update did not find: it was read before the lock. */
export function moved(row: RolloutRow) {
  return problem('conflict', 'The rollout has moved meanwhile. Read it again.', { state: row.state })
}
