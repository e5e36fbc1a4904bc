import type { PlanAction } from './plan.ts'
import type { RolloutRow } from './model.ts'

/** Where a rollout stands and why, in one sentence. */
export function describeRollout(row: RolloutRow): string {
  const { state, chain } = row
  const decided = row.decision?.decision.because.map(({ message }) => message).join('; ')
  switch (state) {
    case 'pending':
      return `Waiting to begin: ${decided ?? 'the candidate is being started'}.`
    case 'progressing':
      if (row.stepStartedAt === null) return `The candidate is to have ${row.weight} %; that was not read back yet.`
      return `The candidate has ${row.weight} %: ${decided ?? 'nothing was decided yet'}.`
    case 'held':
      return `Held at ${row.weight} %: ${row.heldBecause ?? 'no reason is recorded'}.`
    case 'promoting':
      return `Being promoted: ${chain.promotion?.because ?? ''}.`
    case 'succeeded':
      return `${row.to.version} serves all requests: ${chain.promotion?.because ?? ''}.`
    case 'rolling-back':
      return `${rollbackStage(row)}: ${chain.rollback?.because ?? ''}.`
    case 'rolled-back':
      return `${row.from.version} serves again, as read back: ${chain.rollback?.because ?? ''}.`
    case 'failed':
      return 'It failed and needs a person.'
    default:
      state satisfies never
      return String(state)
  }
}

/** What a step of a plan does, for people. */
export function describeAction(action: PlanAction): string {
  switch (action.kind) {
    case 'preflight':
      return `Check that ${action.version.versionId} is ready with its digest`
    case 'scale-up':
      return `Start the server of ${action.versionId}`
    case 'set-weights':
      return `Set the weights: ${action.weights.map((w) => `${w.versionId} ${w.percent} %`).join(', ')}`
    case 'read-weights':
      return 'Read the weights back'
    case 'set-alias':
      return `Point the alias ${action.alias} at ${action.versionId}`
    case 'read-alias':
      return `Read the alias ${action.alias} back`
    case 'scale-down':
      return `Take the server of ${action.versionId} away after ${action.afterSeconds} s`
    default:
      action satisfies never
      return 'unknown'
  }
}

function rollbackStage({ chain: { rollback }, from }: RolloutRow): string {
  if (rollback?.aliasVerifiedAt) return `Rolled back to ${from.version} and verified; clearing up`
  if (rollback?.trafficVerifiedAt) return `Traffic is back at ${from.version} and verified; the alias follows`
  if (rollback?.toldUnverifiedAt) return 'Rollback requested, not verified'
  if (rollback?.trafficAppliedAt) return `Traffic was sent back to ${from.version}; reading it back`
  return `Rolling back to ${from.version}`
}
