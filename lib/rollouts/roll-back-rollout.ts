import { takeTrafficFence } from '#lib/endpoints/take-traffic-fence.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { beginRollback } from './begin-rollback.ts'
import { loadRollout } from './hold-rollout.ts'
import { can, SteerRolloutInput } from './model.ts'
import { selectNewestId } from './queries.ts'

export type RolledBack = { rolloutId: string; state: 'rolling-back'; toVersionId: string; planDigest: string }

/**
 * Takes a rollout back: the complete plan is committed with this write, and carried out and read back by the reconciler.
 * Works at any time before the end, and after a promotion for as long as no later rollout began at the endpoint.
 * @throws `conflict` when the state does not allow it, or when the version to go back to may not serve
 */
export async function rollBackRollout(ctx: Ctx, input: SteerRolloutInput): Promise<RolledBack> {
  const { rolloutId, reason } = parseInput(SteerRolloutInput, input)
  return mutate(ctx, { action: 'rollout:roll-back', load: (tx) => loadRollout(tx, rolloutId) }, async (tx, row) => {
    const now = ctx.clock.now()
    const superseded = (await selectNewestId(tx, row.endpointId)) !== row.id
    const may = can.rollBack({ state: row.state, superseded })
    if (!may.allowed) throw problem('conflict', `Not rolled back: ${may.because}.`, { state: row.state })
    const fence = await takeTrafficFence(tx, row.endpointId)
    const because = `${ctx.actor.name} took it back: ${reason}`
    const begun = await beginRollback(tx, row, {
      by: 'person',
      because,
      decidedAt: now,
      now,
      fence,
      dispossess: { now },
    })
    if (!begun.ok) throw problem('conflict', `Not rolled back: ${begun.because}.`, { state: row.state })
    const { plan } = begun
    return {
      value: { rolloutId, state: 'rolling-back' as const, toVersionId: plan.to.versionId, planDigest: plan.digest },
      audit: {
        before: { state: row.state, step: row.step, weight: row.weight },
        after: { state: 'rolling-back', phase: 'intent', by: 'person', plan },
        because: reason,
        policies: [row.policyDigest],
      },
      wake: ['rollouts', 'endpoints'],
    }
  })
}
