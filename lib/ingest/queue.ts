import { setImmediate as nextTurn } from 'node:timers/promises'
import { isProblem, problem } from '#lib/platform/errors.ts'
import type { Answer } from './answer.ts'
import { busy } from './body.ts'
import type { Batch } from './commit.ts'

type Waiting = { batch: Batch; events: number; answer: (answer: Answer) => void; fail: (error: unknown) => void }

export type CommitQueue = {
  /** Resolves with the answer after the commit. @throws `rate-limited` when the queue is full */
  submit(batch: Batch): Promise<Answer>
  /** Resolves when everything that was submitted is answered. */
  drain(): Promise<void>
}

export type QueueOptions = {
  commit: (batches: readonly Batch[]) => Promise<Answer[]>
  /** Events that may wait; a request beyond is refused. */
  eventsMax: number
  /** Events of one transaction, unless a single request has more. */
  commitEventsMax: number
  onQueued: (events: number) => void
  onFailed: (error: unknown, batches: number) => void
}

/**
 * Group commit: while one transaction runs, requests gather, and the next transaction takes them together. So a single request
 * never waits for company, and under load hundreds share one commit.
 */
export function commitQueue(options: QueueOptions): CommitQueue {
  let waiting: Waiting[] = []
  let queued = 0
  let running: Promise<void> | undefined
  const run = async () => {
    // What arrived in the same turn of the event loop goes together.
    await nextTurn()
    while (waiting.length > 0) {
      const group = takeGroup(waiting, options.commitEventsMax)
      waiting = waiting.slice(group.length)
      await settle(options, group)
      queued -= group.reduce((sum, each) => sum + each.events, 0)
      options.onQueued(queued)
    }
    running = undefined
  }
  return {
    submit(batch) {
      const events = batch.events.length
      if (queued > 0 && queued + events > options.eventsMax) return Promise.reject(busy())
      queued += events
      options.onQueued(queued)
      return new Promise((answer, fail) => {
        waiting.push({ batch, events, answer, fail })
        running ??= run()
      })
    },
    drain: async () => {
      while (running) await running
    },
  }
}

function takeGroup(waiting: readonly Waiting[], eventsMax: number): Waiting[] {
  const group: Waiting[] = []
  let events = 0
  for (const each of waiting) {
    if (group.length > 0 && events + each.events > eventsMax) break
    group.push(each)
    events += each.events
  }
  return group
}

/** Commits a group. When it fails, each request is tried by itself, so that one cannot take the others with it. */
async function settle(options: QueueOptions, group: readonly Waiting[]): Promise<void> {
  try {
    const answers = await options.commit(group.map(({ batch }) => batch))
    for (const [i, { answer, fail }] of group.entries()) {
      const given = answers[i]
      if (given) answer(given)
      else fail(new Error('a commit gave fewer answers than it had batches'))
    }
  } catch (error) {
    options.onFailed(error, group.length)
    if (group.length > 1) for (const each of group) await settle(options, [each])
    else for (const { fail } of group) fail(isProblem(error) ? error : unavailable(error))
  }
}

function unavailable(cause: unknown) {
  const message = 'The events could not be stored. Send them again with the same x-batch-id: nothing is counted twice.'
  return problem('unavailable', message, { retryAfterSeconds: 1 }, { cause })
}
