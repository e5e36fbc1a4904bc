import { randomUUID } from 'node:crypto'
import type { Clock } from '#lib/platform/clock.ts'
import type { Log } from '#lib/platform/log.ts'
import type { AgentEvent } from './events.ts'

export type Batch = { id: string; lines: string[] }
/** Events of a delivered batch that the receiver did not take, or not for everything, and why the first of them. */
export type Rejected = { events: number; because: string }
/** `retry`: not delivered, may be later. `refused`: never will be, the receiver says why. */
export type Delivery =
  | { kind: 'delivered'; rejected: Rejected | null }
  | { kind: 'retry'; because: string }
  | { kind: 'refused'; because: string }

/** Events waiting; so far given up; and so far delivered but rejected. */
export type TapCounts = { buffered: number; dropped: number; rejected: number }

export type TapOptions = {
  clock: Clock
  log: Log
  deliver(batch: Batch): Promise<Delivery>
  batchEventsMax: number
  batchMs: number
  bufferEventsMax: number
  attemptsMax: number
  backoffMs: number
  backoffMsMax: number
}

export type Tap = {
  /** Whether anybody is told: without an ingest server no event needs to be made. */
  on: boolean
  push(event: AgentEvent): void
  counts: () => TapCounts
  /** Sends what is waiting, until all is sent or the time is over, then ends. What is left counts as dropped. */
  stop(withinMs: number): Promise<void>
}

/**
 * The way of events to the ingest server. Memory is bounded: when the buffer is full the oldest batch goes and is
 * counted. A batch keeps its id over all attempts, so the receiver can tell a repetition.
 */
export function openTap(o: TapOptions): Tap {
  const stopping = new AbortController()
  const giveUp = new AbortController()
  let sealed: Batch[] = []
  let open: string[] = []
  let sending: Batch | null = null
  let sealedLines = 0
  let dropped = 0
  let rejected = 0
  let wake: (() => void) | null = null

  const drop = (batch: Batch, because: string) => {
    dropped += batch.lines.length
    o.log.warn({ batchId: batch.id, events: batch.lines.length, dropped, because }, 'telemetry events dropped')
  }
  const reject = (batch: Batch, { events, because }: Rejected) => {
    rejected += events
    o.log.warn({ batchId: batch.id, events, rejected, because }, 'telemetry events rejected by the ingest server')
  }
  const seal = () => {
    if (open.length === 0) return
    sealed.push({ id: randomUUID(), lines: open })
    sealedLines += open.length
    open = []
    wake?.()
  }
  const takeOldest = (): Batch | null => {
    const oldest = sealed.shift() ?? null
    sealedLines -= oldest?.lines.length ?? 0
    return oldest
  }
  const buffered = () => (sending?.lines.length ?? 0) + sealedLines + open.length
  const sender = (async () => {
    while (!giveUp.signal.aborted) {
      sending = takeOldest()
      if (sending) await send(o, sending, giveUp.signal, { drop, reject })
      else if (stopping.signal.aborted) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  })()
  const sealer = (async () => {
    while (!stopping.signal.aborted) {
      await o.clock.sleep(o.batchMs, stopping.signal)
      seal()
    }
  })()
  return {
    on: true,
    push: (event) => {
      open.push(JSON.stringify(event))
      if (open.length >= o.batchEventsMax) seal()
      while (buffered() > o.bufferEventsMax && sealed.length > 0) {
        const oldest = takeOldest()
        if (oldest) drop(oldest, 'the buffer is full')
      }
    },
    counts: () => ({ buffered: buffered(), dropped, rejected }),
    stop: async (withinMs) => {
      stopping.abort()
      await sealer
      seal()
      wake?.()
      const finished = new AbortController()
      const limit = o.clock.sleep(withinMs, finished.signal).then(() => (giveUp.abort(), wake?.()))
      await sender
      finished.abort()
      await limit
      for (let rest = takeOldest(); rest; rest = takeOldest()) drop(rest, 'the agent stopped before it was delivered')
    },
  }
}

/** Tries until the batch is delivered, refused, or given up; what is not delivered is dropped, with its reason; what was rejected is counted. */
async function send(
  o: TapOptions,
  batch: Batch,
  givenUp: AbortSignal,
  { drop, reject }: { drop(batch: Batch, because: string): void; reject(batch: Batch, rejected: Rejected): void },
): Promise<void> {
  for (let attempt = 1; attempt <= o.attemptsMax && !givenUp.aborted; attempt++) {
    const outcome = await o.deliver(batch)
    if (outcome.kind === 'delivered') {
      if (outcome.rejected) reject(batch, outcome.rejected)
      return
    }
    if (outcome.kind === 'refused') return drop(batch, outcome.because)
    if (attempt === o.attemptsMax) return drop(batch, `${attempt} attempts failed, the last one: ${outcome.because}`)
    await o.clock.sleep(Math.min(o.backoffMs * 2 ** Math.min(attempt - 1, 20), o.backoffMsMax), givenUp)
  }
  drop(batch, 'the agent stopped before it was delivered')
}
