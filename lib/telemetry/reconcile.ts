import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { forgetBatches } from './queries.ts'
import { forgetHours, forgetSlices } from './queries-hours.ts'
import { floorHour } from './spans.ts'

/** How long a retry of a batch is recognised. */
export const batchDays = 7
const batchesMax = 5000

/** One turn: forgets batches whose retries no longer come. Returns how many, at most 5,000 a turn. */
export async function reconcileTelemetry(system: System): Promise<number> {
  const before = new Date(system.clock.now().getTime() - batchDays * 86_400_000)
  return housekeep(system, 'retention', (tx) => forgetBatches(tx, before, batchesMax))
}

/** One turn: forgets slices and hours of requests that are older than configured, at most 5,000 of each. Returns how many. */
export async function reconcileRequestFacts(system: System): Promise<number> {
  const nowMs = system.clock.now().getTime()
  const { sliceDays, factDays } = system.config
  const slicesBefore = new Date(floorHour(nowMs - sliceDays * 86_400_000))
  const hoursBefore = new Date(nowMs - factDays * 86_400_000)
  return housekeep(
    system,
    'retention',
    async (tx) => (await forgetSlices(tx, slicesBefore, batchesMax)) + (await forgetHours(tx, hoursBefore, batchesMax)),
  )
}
