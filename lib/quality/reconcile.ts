import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { forgetPending, forgetQuality } from './queries.ts'

/** How long a prediction waits for its label, and a label for its prediction, since they were received. */
export const labelHorizonDays = 30
const rowsMax = 10_000

/**
 * One turn: forgets predictions and labels beyond the horizon, and windows older than facts are kept. Returns how many, at
 * most 10,000 of each a turn.
 */
export async function reconcileQuality(system: System): Promise<number> {
  const before = new Date(system.clock.now().getTime() - labelHorizonDays * 86_400_000)
  const { factDays } = system.config
  return housekeep(
    system,
    'retention',
    async (tx) => (await forgetPending(tx, before, rowsMax)) + (await forgetQuality(tx, factDays, rowsMax)),
  )
}
