import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadRollout, moved } from './hold-rollout.ts'
import { can, isPromotionHeld, SteerRolloutInput, type PersonRequest, type RolloutRow } from './model.ts'
import type { RolloutObservation } from './observation.ts'
import { updateRollout } from './queries.ts'
import { selectLastObservation } from './queries-observations.ts'

export type ResumedRollout = { rolloutId: string; state: 'pending' | 'progressing' | 'promoting' }

/**
 * Lets a held rollout go on. The person takes responsibility for what was last seen: a latched trip is let go, and weights
 * that somebody else changed are written again, after which the step's samples count afresh.
 */
export async function resumeRollout(ctx: Ctx, input: SteerRolloutInput): Promise<ResumedRollout> {
  const { rolloutId, reason } = parseInput(SteerRolloutInput, input)
  return mutate(ctx, { action: 'rollout:resume', load: (tx) => loadRollout(tx, rolloutId) }, async (tx, row) => {
    const may = can.resume(row)
    if (!may.allowed) throw problem('conflict', `Not resumed: ${may.because}.`, { state: row.state })
    const now = ctx.clock.now()
    const seen = await selectLastObservation(tx, rolloutId)
    const request: PersonRequest = {
      kind: 'resume',
      by: ctx.actor.name,
      reason,
      at: now.getTime(),
      acknowledgedTripId: seen?.traffic.breaker?.tripId ?? null,
    }
    const state = isPromotionHeld(row) ? 'promoting' : row.step < 0 ? 'pending' : 'progressing'
    const afresh = wasChanged(seen) ? { stepStartedAt: null, stepGeneration: null } : {}
    const change = { state, request, heldBecause: null, planStep: planStepOf(row), ...afresh } as const
    if (!(await updateRollout(tx, row, change, { now }))) throw moved(row)
    const before = { state: row.state, step: row.step, heldBecause: row.heldBecause }
    return {
      value: { rolloutId, state } as const,
      audit: { before, after: { state, acknowledgedTripId: request.acknowledgedTripId }, because: reason },
      wake: ['rollouts'],
    }
  })
}

// A promotion that was held half way goes on from its write of the weights: what was written may have been undone since.
// Its later steps find done what they did before.
function planStepOf(row: RolloutRow): number {
  if (!isPromotionHeld(row)) return row.planStep
  const upToNow = row.plan?.steps.slice(0, row.planStep + 1) ?? []
  const writes = upToNow.findLastIndex(({ action }) => action.kind === 'set-weights')
  return writes < 0 ? row.planStep : writes
}

function wasChanged(seen: RolloutObservation | undefined): boolean {
  if (seen === undefined) return false
  const { reading, breaker, intendedCandidatePercent } = seen.traffic
  if (breaker !== null) return true
  if (reading.kind === 'unreachable') return false
  return reading.otherManager !== null || reading.candidatePercent !== intendedCandidatePercent
}
