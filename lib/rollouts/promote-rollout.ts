import { takeTrafficFence } from '#lib/endpoints/take-traffic-fence.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { beginPromotion } from './begin-promotion.ts'
import { beginStep } from './begin-step.ts'
import { loadRollout } from './hold-rollout.ts'
import { can, PromoteRolloutInput, type RolloutRow } from './model.ts'

export type PromotedRollout = { rolloutId: string; state: 'progressing' | 'promoting'; weight: number }

/**
 * A person's decision to go on now, whatever the metrics say so far: by one step, or to the end. The approval is asked again
 * in the same transaction.
 * @throws `conflict` when the state does not allow it, when it is held and that was not said, or without a valid approval
 */
export async function promoteRollout(ctx: Ctx, input: PromoteRolloutInput): Promise<PromotedRollout> {
  const { rolloutId, reason, to, evenIfHeld } = parseInput(PromoteRolloutInput, input)
  return mutate(ctx, { action: 'rollout:promote', load: (tx) => loadRollout(tx, rolloutId) }, async (tx, row) => {
    const may = can.promote(row)
    if (!may.allowed) throw problem('conflict', `Not promoted: ${may.because}.`, { state: row.state })
    if (row.state === 'held' && !evenIfHeld) {
      const why = row.heldBecause ?? 'no reason is recorded'
      throw problem('conflict', `It is held (${why}). Say evenIfHeld to go on all the same, or resume it.`, {
        state: row.state,
      })
    }
    const next = row.policy.steps[row.step + 1]
    const isStep = to === 'next-step' && next !== undefined
    const now = ctx.clock.now()
    const begun = isStep
      ? await beginStep(
          tx,
          row,
          { stepIndex: row.step + 1, candidatePercent: next.weight },
          { now, actorId: ctx.actorId, dispossess: { now } },
        )
      : await promoteAll(ctx, tx, row, reason)
    if (!begun.ok) throw problem('conflict', `Not promoted: ${begun.because}.`, { state: row.state })
    const state = isStep ? ('progressing' as const) : ('promoting' as const)
    const weight = isStep ? next.weight : 100
    const plan = 'plan' in begun ? { plan: begun.plan } : {}
    return {
      value: { rolloutId, state, weight },
      audit: {
        before: { state: row.state, step: row.step, weight: row.weight, heldBecause: row.heldBecause },
        after: { state, phase: 'intent', by: 'person', weight, ...plan },
        because: reason,
        policies: [row.policyDigest],
      },
      wake: ['rollouts', 'endpoints'],
    }
  })
}

async function promoteAll(ctx: Ctx, tx: Tx, row: RolloutRow, reason: string) {
  const now = ctx.clock.now()
  const fence = await takeTrafficFence(tx, row.endpointId)
  const because = `${ctx.actor.name} promoted it: ${reason}`
  const { actorId } = ctx
  return beginPromotion(tx, row, { by: 'person', because, decidedAt: now, now, actorId, fence, dispossess: { now } })
}
