import { workerCtx } from '#lib/platform/call.ts'
import type { Claim } from '#lib/platform/claim.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { loadRollout } from './hold-rollout.ts'
import type { RolloutRow } from './model.ts'
import { selectFence, updateRollout, type RolloutChange } from './queries.ts'

/** One claimed rollout, as it was read after the claim. */
export type Turn = {
  system: System
  row: RolloutRow
  claim: Claim
  /** The endpoint's outside fencing number that this claim took: sent with every outside write. */
  trafficFence: number
  now: Date
}

/** `acted`: something was changed, so the next turn comes at once. */
export type TurnResult = { acted: boolean; pauseMs: number; outcome: 'done' | 'failed' }

export const acted: TurnResult = { acted: true, pauseMs: 0, outcome: 'done' }
const backoffMsMax = 15_000

/** Nothing to do before then. */
export function rest(pauseMs: number): TurnResult {
  return { acted: false, pauseMs, outcome: 'done' }
}

/** Something outside does not work: tried again for ever, with growing pauses. */
export function backOff(turn: Turn): TurnResult {
  return {
    acted: false,
    pauseMs: Math.min(backoffMsMax, 250 * 2 ** Math.min(turn.claim.attempts, 10)),
    outcome: 'failed',
  }
}

/** Another worker or a person was there meanwhile: nothing of this turn may be written any more. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost'
}

/** The worker, on behalf of whoever started the rollout. */
export function workerOf({ system, row }: Turn): Ctx {
  const { issuer, subject } = row.requestedBy
  return workerCtx(system, row.workspaceId, { issuer, subject })
}

/** For `mutate`: the row, locked; the fence is checked before anything else is looked at. */
export function loader({ row }: Turn) {
  return async (tx: Tx) => {
    const loaded = await loadRollout(tx, row.id)
    if (loaded && !isAsRead(loaded.subject, row)) throw new ClaimLost(`the claim on rollout ${row.id} was lost`)
    return loaded
  }
}

/** Changes the row of the turn. @throws ClaimLost */
export async function change(tx: Tx, { row }: Turn, to: RolloutChange): Promise<void> {
  if (!(await updateRollout(tx, row, to))) throw new ClaimLost(`the claim on rollout ${row.id} was lost`)
}

/**
 * Asked again just before an outside write: whoever lost the claim since must not act on what it once knew. What remains
 * between this read and the write is closed by the outside's own fence and precondition. @throws ClaimLost
 */
export async function requireClaim({ system, row }: Turn): Promise<void> {
  const fence = await selectFence(system.db, row.id)
  if (fence !== row.fence) throw new ClaimLost(`the claim on rollout ${row.id} was lost`)
}

function isAsRead(locked: RolloutRow, read: RolloutRow): boolean {
  return locked.fence === read.fence && locked.state === read.state && locked.planStep === read.planStep
}
