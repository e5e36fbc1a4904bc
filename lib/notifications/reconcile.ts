import type { FeedEntry } from '#lib/audit/feed.ts'
import { followFeed, type FeedStep } from '#lib/audit/follow-feed.ts'
import { readApproval } from '#lib/approvals/reads.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { tellingsOf, type Telling } from './decide.ts'
import { findRecipients } from './find-recipients.ts'
import { reminderMs } from './model.ts'
import { insertReminder } from './queries.ts'
import type { PersonRow } from './queries-people.ts'
import { tellPeople } from './tell-people.ts'

/**
 * One turn: follows the feed of committed audit entries and queues what each asks to tell people. What is queued and the
 * cursor's move past the entry commit together. Returns how many entries it has passed.
 */
export function reconcileNotifications(system: System): Promise<number> {
  return followFeed(system, 'notifications', (entry, step) => follow(system, entry, step))
}

type Planned = { telling: Telling; people: PersonRow[]; reminder: { dueAt: Date; expiresAt: Date } | undefined }

/** Queues what the entry asks for and moves the cursor past it; false when it concerns nobody. */
async function follow(system: System, entry: FeedEntry, step: FeedStep): Promise<boolean> {
  const { workspaceId } = entry
  const now = system.clock.now()
  const tellings = workspaceId === null ? [] : tellingsOf(entry, now)
  if (workspaceId === null || tellings.length === 0) return false
  const planned: Planned[] = []
  for (const telling of tellings) {
    const people = await findRecipients(system, { workspaceId, telling, by: entry.content?.actor })
    const reminder = telling.remind ? await reminderOf(system, workspaceId, telling.resource.id) : undefined
    planned.push({ telling, people, reminder })
  }
  await housekeep(system, 'notification', async (tx) => {
    await step.take(tx)
    for (const { telling, people, reminder } of planned) {
      await tellPeople(tx, { workspaceId, telling, people, cause: entry.id, at: entry.time, now })
      if (reminder) await insertReminder(tx, { workspaceId, approvalId: telling.resource.id, ...reminder })
    }
    await step.pass(tx)
  })
  system.notify(['notifications', 'changes'])
  return true
}

/** Three days before the approval ends, or half way where it is shorter than that. */
async function reminderOf(system: System, workspaceId: string, approvalId: string) {
  try {
    const { state, expiresAt } = await readApproval(workerCtx(system, workspaceId), approvalId)
    if (state !== 'approved') return undefined
    const nowMs = system.clock.now().getTime()
    const leftMs = expiresAt.getTime() - nowMs
    const dueMs = leftMs > reminderMs ? expiresAt.getTime() - reminderMs : nowMs + leftMs / 2
    return { expiresAt, dueAt: new Date(dueMs) }
  } catch (error) {
    if (isProblem(error, 'not-found') || isProblem(error, 'forbidden')) return undefined
    throw error
  }
}
