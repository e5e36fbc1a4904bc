import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { forgetBatches } from './queries.ts'

/** How long a retry of a batch is recognised. */
export const batchDays = 7
const batchesMax = 5000

/** One turn: forgets batches whose retries no longer come. Returns how many, at most 5,000 a turn. */
export async function reconcileTelemetry(system: System): Promise<number> {
  const before = new Date(system.clock.now().getTime() - batchDays * 86_400_000)
  return housekeep(system, 'retention', (tx) => forgetBatches(tx, before, batchesMax))
}
