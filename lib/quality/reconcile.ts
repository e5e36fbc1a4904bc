import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { forgetPending } from './queries.ts'

/** How long a prediction waits for its label, and a label for its prediction, since they were received. */
export const labelHorizonDays = 30
const rowsMax = 10_000

/** One turn: forgets predictions and labels beyond the horizon. Returns how many, at most 10,000 of each a turn. */
export async function reconcileQuality(system: System): Promise<number> {
  const before = new Date(system.clock.now().getTime() - labelHorizonDays * 86_400_000)
  return housekeep(system, 'retention', (tx) => forgetPending(tx, before, rowsMax))
}
