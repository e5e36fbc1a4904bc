import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { forgetDrift } from './queries-retention.ts'

const rowsMax = 5_000

/** One turn: forgets windows of monitors that are older than facts are kept. Returns how many, at most 5,000 of each kind. */
export function reconcileDriftRetention(system: System): Promise<number> {
  return housekeep(system, 'retention', (tx) => forgetDrift(tx, system.config.factDays, rowsMax))
}
