import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { forgetObservations } from './queries-retention.ts'

const rowsMax = 5_000

/**
 * One turn: forgets what was observed of rollouts that ended longer ago than facts are kept; until then every decision can
 * be replayed. What was decided, and why, stays in the log. Returns how many rows, at most 5,000.
 */
export function reconcileRolloutRetention(system: System): Promise<number> {
  const before = new Date(system.clock.now().getTime() - system.config.factDays * 86_400_000)
  return housekeep(system, 'retention', (tx) => forgetObservations(tx, before, rowsMax))
}
