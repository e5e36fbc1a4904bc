import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { QuarterdeckError } from '#lib/platform/errors.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { feedStart, lockCursor, readFeed, saveCursor, selectCursor, type FeedCursor, type FeedEntry } from './feed.ts'

/** One entry's turn. What the entry leads to and the cursor's move past it belong into one transaction. */
export type FeedStep = {
  /** Locks the cursor: first in the transaction. @throws TurnLost when another worker has moved it since */
  take(tx: Tx): Promise<void>
  /** Moves the cursor past the entry. */
  pass(tx: Tx): Promise<void>
}

type Follow = (entry: FeedEntry, step: FeedStep) => Promise<boolean>

/** Another worker has read on, or a person was there first: this turn ends, the next one looks afresh. */
export class TurnLost extends QuarterdeckError {
  override readonly name = 'TurnLost'

  constructor() {
    super('conflict', 'The feed was read on meanwhile.')
  }
}

const entriesMax = 200
/** Turns that may fail at one entry; with the worker's growing pauses that is about a minute. */
const failuresMax = 8

/**
 * One turn of a consumer: follows the feed of committed audit entries in order. `follow` does what an entry asks for in a
 * transaction of its own, which begins with `step.take` and ends with `step.pass`, and answers true; or it answers false
 * when the entry concerns it not. So each is done exactly once, whichever worker dies or races. An entry at which turn
 * after turn fails is passed over, told in the log and counted: it must not keep the ones behind it for ever.
 *
 * @returns how many entries the turn has passed; there may be more when that is not 0
 */
export async function followFeed(system: System, consumer: string, follow: Follow): Promise<number> {
  let cursor = (await selectCursor(system.db, consumer)) ?? feedStart
  const entries = await readFeed(system.db, cursor, entriesMax)
  let unmoved: FeedCursor | undefined
  try {
    for (const entry of entries) {
      const step = stepOf(system, consumer, { from: cursor, to: entry.cursor })
      // What concerns nobody is passed together with the next entry that does: one write for many.
      if (await followOne(system, consumer, { entry, step, follow })) {
        cursor = entry.cursor
        unmoved = undefined
      } else unmoved = entry.cursor
    }
    if (unmoved) await passAlone(system, stepOf(system, consumer, { from: cursor, to: unmoved }))
    return entries.length
  } catch (error) {
    if (error instanceof TurnLost) return 0
    throw error
  }
}

function stepOf(system: System, consumer: string, { from, to }: { from: FeedCursor; to: FeedCursor }): FeedStep {
  const now = () => system.clock.now()
  return {
    async take(tx) {
      const cursor = await lockCursor(tx, consumer, now())
      if (cursor.epoch !== from.epoch || cursor.xid !== from.xid || cursor.entryId !== from.entryId)
        throw new TurnLost()
    },
    pass: (tx) => saveCursor(tx, consumer, to, now()),
  }
}

async function passAlone(system: System, step: FeedStep): Promise<void> {
  await housekeep(system, 'feed-cursor', async (tx) => {
    await step.take(tx)
    await step.pass(tx)
  })
}

type Failing = { entryId: string; failures: number }
// Of each consumer the one entry that it fails at. Every worker counts for itself, and the fence lets one pass it over.
const failing = () => processSingleton('feed-failing', () => new WeakMap<object, Map<string, Failing>>())

async function followOne(
  system: System,
  consumer: string,
  { entry, step, follow }: { entry: FeedEntry; step: FeedStep; follow: Follow },
): Promise<boolean> {
  const seen = failing().get(system.db) ?? new Map<string, Failing>()
  try {
    return await follow(entry, step)
  } catch (error) {
    if (error instanceof TurnLost) throw error
    const before = seen.get(consumer)
    const failures = before?.entryId === entry.id ? before.failures + 1 : 1
    seen.set(consumer, { entryId: entry.id, failures })
    failing().set(system.db, seen)
    if (failures < failuresMax) throw error
    await passAlone(system, step)
    system.metrics.feedEntriesPassedOver.inc({ consumer })
    system.log.error(
      { err: error, consumer, entryId: entry.id, workspaceId: entry.workspaceId, failures },
      'an audit entry could not be followed and was passed over',
    )
    return true
  }
}
