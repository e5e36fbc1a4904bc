import { feedStart, lockCursor, readFeed, saveCursor, type FeedCursor, type FeedEntry } from '#lib/audit/feed.ts'
import { readApproval } from '#lib/approvals/reads.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { isProblem, QuarterdeckError } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { tellingsOf, type Telling } from './decide.ts'
import { findRecipients } from './find-recipients.ts'
import { reminderMs } from './model.ts'
import { insertReminder } from './queries.ts'
import { selectFeedCursor, type PersonRow } from './queries-people.ts'
import { tellPeople } from './tell-people.ts'

const consumer = 'notifications'
const entriesMax = 200

/** Another worker has read on: this turn ends, the next one looks afresh. */
class TurnLost extends QuarterdeckError {
  override readonly name = 'TurnLost'

  constructor() {
    super('conflict', 'The feed was read on meanwhile.')
  }
}

/**
 * One turn: follows the feed of committed audit entries and queues what each asks to tell people. What is queued and the
 * cursor's move past the entry commit together. Returns how many entries it has passed.
 */
export async function reconcileNotifications(system: System): Promise<number> {
  const start = (await selectFeedCursor(system.db, consumer)) ?? feedStart
  const entries = await readFeed(system.db, start, entriesMax)
  let cursor: FeedCursor = start
  let unmoved: FeedCursor | undefined
  try {
    for (const entry of entries) {
      if (await follow(system, entry, cursor)) {
        cursor = entry.cursor
        unmoved = undefined
      } else unmoved = entry.cursor
    }
    if (unmoved) await move(system, cursor, unmoved)
    return entries.length
  } catch (error) {
    if (error instanceof TurnLost) return 0
    throw error
  }
}

type Planned = { telling: Telling; people: PersonRow[]; reminder: { dueAt: Date; expiresAt: Date } | undefined }

/** Queues what the entry asks for and moves the cursor from `from` past it; false when it concerns nobody. */
async function follow(system: System, entry: FeedEntry, from: FeedCursor): Promise<boolean> {
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
    await takeTurn(system, tx, from)
    for (const { telling, people, reminder } of planned) {
      await tellPeople(tx, { workspaceId, telling, people, cause: entry.id, at: entry.time, now })
      if (reminder) await insertReminder(tx, { workspaceId, approvalId: telling.resource.id, ...reminder })
    }
    await saveCursor(tx, consumer, entry.cursor, now)
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

async function move(system: System, from: FeedCursor, to: FeedCursor): Promise<void> {
  await housekeep(system, 'feed-cursor', async (tx) => {
    await takeTurn(system, tx, from)
    await saveCursor(tx, consumer, to, system.clock.now())
  })
}

// The lock lets one worker at a time take an entry.
async function takeTurn(system: System, tx: Tx, from: FeedCursor): Promise<void> {
  const cursor = await lockCursor(tx, consumer, system.clock.now())
  if (cursor.epoch !== from.epoch || cursor.xid !== from.xid || cursor.entryId !== from.entryId) throw new TurnLost()
}
