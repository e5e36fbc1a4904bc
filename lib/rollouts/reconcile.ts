import { takeTrafficFence } from '#lib/endpoints/take-traffic-fence.ts'
import { claimDue, releaseClaim, type Claim } from '#lib/platform/claim.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { selectEndpointIds, selectRollout } from './queries.ts'
import { steer } from './reconcile-steer.ts'
import { walkPlan } from './reconcile-plan.ts'
import { backOff, ClaimLost, rest, type Turn, type TurnResult } from './reconcile-turn.ts'
import { watchPromoted } from './reconcile-watch.ts'

const leaseSeconds = 30
const claimsMax = 4
/** What has ended for good is looked at once a day, at no cost, in case somebody changed it by hand. */
const parkedMs = 86_400_000

type Work = Claim & { trafficFence: number }

/**
 * One turn: claims due rollouts, brings each one act further, and says when it is due again. Recovery after a crash and
 * normal running are the same path: what is to be done is read from the rollout and from the outside, never remembered.
 * Returns how many were acted on, and as many as were claimed when there may be more that are due.
 */
export async function reconcileRollouts(system: System, holder: string): Promise<number> {
  const work = await claim(system, holder)
  const results = await Promise.all(work.map((each) => takeTurn(system, each)))
  return work.length === claimsMax ? work.length : results.filter((result) => result).length
}

// The endpoint's outside fencing number is taken with the claim: whoever claimed last holds the highest. Endpoints are
// locked in the order of their ids, so that two workers cannot wait for each other.
async function claim(system: System, holder: string): Promise<Work[]> {
  const now = system.clock.now()
  return housekeep(system, 'lease', async (tx) => {
    const due = await claimDue(tx, 'rollout', { now, holder, leaseSeconds, limit: claimsMax })
    const endpoints = await selectEndpointIds(
      tx,
      due.map(({ id }) => id),
    )
    const work: Work[] = []
    for (const { id, endpointId } of endpoints) {
      const claimed = due.find((each) => each.id === id)
      if (claimed) work.push({ ...claimed, trafficFence: await takeTrafficFence(tx, endpointId) })
    }
    return work
  })
}

async function takeTurn(system: System, { trafficFence, ...held }: Work): Promise<boolean> {
  let result: TurnResult = { acted: false, pauseMs: 1000, outcome: 'failed' }
  try {
    const row = await selectRollout(system.db, held.id)
    if (row?.fence !== held.fence) return false
    const turn: Turn = { system, row, claim: held, trafficFence, now: system.clock.now() }
    result = backOff(turn)
    result = await workOn(turn)
  } catch (error) {
    const level = error instanceof ClaimLost ? 'info' : 'error'
    system.log[level]({ err: error, rolloutId: held.id }, 'a rollout could not be worked on; it will be tried again')
  } finally {
    const dueAt = new Date(system.clock.now().getTime() + result.pauseMs)
    await housekeep(system, 'lease', (tx) => releaseClaim(tx, 'rollout', held, dueAt, result.outcome))
  }
  return result.acted
}

function workOn(turn: Turn): Promise<TurnResult> {
  switch (turn.row.state) {
    case 'pending':
    case 'progressing':
    case 'held':
    case 'promoting':
      return steer(turn)
    case 'rolling-back':
      return walkPlan(turn)
    case 'succeeded':
      return watchPromoted(turn)
    case 'rolled-back':
    case 'failed':
      return Promise.resolve(rest(parkedMs))
    default:
      turn.row.state satisfies never
      throw new TypeError(`unknown state ${String(turn.row.state)}`)
  }
}
