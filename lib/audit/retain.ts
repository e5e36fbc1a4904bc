import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { workerCtx } from '#lib/platform/call.ts'
import { auditRetentionDaysMin } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { firstIdAt } from '#lib/platform/ids.ts'
import { appendEntry } from './append.ts'
import { eraseContents, lockKept } from './queries-erase.ts'

const entriesATurn = 2_000
const dayMs = 86_400_000

/**
 * One turn of retention: erases what the oldest entries say, where configuration bounds how long that is kept. The floor is
 * applied here too, whatever the configuration holds; leaves, digests and proofs stay for ever.
 * @returns how many entries were erased; there may be more when that is not 0
 */
export async function retainDetail(system: System): Promise<number> {
  const configured = system.config.auditRetentionDays
  if (configured === undefined) return 0
  const days = Math.max(auditRetentionDaysMin, configured)
  const now = system.clock.now()
  const cutoff = new Date(now.getTime() - days * dayMs)
  return housekeep(system, 'retention', async (tx) => {
    const entries = await eraseContents(tx, await lockKept(tx, firstIdAt('entry', cutoff), entriesATurn), now)
    if (entries === 0) return 0
    await appendEntry(tx, workerCtx(system, rootWorkspaceId), {
      action: 'audit:retain',
      resource: { kind: 'log', id: system.config.logOrigin },
      outcome: 'done',
      because: `What entries say is kept for ${days} days.`,
      after: { entries, madeBefore: cutoff, days },
    })
    return entries
  })
}
