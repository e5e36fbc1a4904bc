import { request } from 'undici'
import type { Clock } from '#lib/platform/clock.ts'
import { failureKind } from './failure-kind.ts'
import type { ReplayEvent } from './replay.ts'

export type LabelQueue = {
  add(event: ReplayEvent): void
  /** Sends the labels that are known at that event time, oldest first. */
  sendDue(eventTimeMs: number): Promise<void>
  counts(): { labelsSent: number; labelsFailed: number; labelsPending: number }
}

const batchMax = 500
/** Labels are gathered for so much event time, so that a batch is worth a request. */
const gatherMs = 15 * 60_000
const attemptsMax = 5
const firstRetryMs = 200
const requestTimeoutMs = 10_000

/** Holds labels back until they are known and sends them as NDJSON batches; a batch keeps its id in all its attempts. */
export function startLabelQueue(options: {
  ingestUrl: string
  ingestKey: string
  runId: string
  clock: Clock
  countError: (kind: string) => void
}): LabelQueue {
  // Labels wait by the quarter of an hour of event time in which they are due, so that sending needs no sorted queue.
  const waiting = new Map<number, ReplayEvent[]>()
  let [labelsSent, labelsFailed, batches, sentUpTo] = [0, 0, 0, Number.NEGATIVE_INFINITY]
  return {
    add: (event) => {
      const slot = Math.floor(event.labelEventTimeMs / gatherMs)
      const list = waiting.get(slot)
      if (list === undefined) waiting.set(slot, [event])
      else list.push(event)
    },
    sendDue: async (eventTimeMs) => {
      const present = Math.floor(eventTimeMs / gatherMs)
      if (present <= sentUpTo) return
      sentUpTo = Math.min(present, Number.MAX_SAFE_INTEGER)
      for (const slot of [...waiting.keys()].filter((slot) => slot < present).sort((a, b) => a - b)) {
        const due = (waiting.get(slot) ?? []).sort((a, b) => a.labelEventTimeMs - b.labelEventTimeMs)
        waiting.delete(slot)
        for (let start = 0; start < due.length; start += batchMax) {
          const batch = due.slice(start, start + batchMax)
          const stored = await sendBatch(options, `${options.runId}-labels-${batches++}`, batch)
          if (stored) labelsSent += batch.length
          else labelsFailed += batch.length
        }
      }
    },
    counts: () => {
      let labelsPending = 0
      for (const list of waiting.values()) labelsPending += list.length
      return { labelsSent, labelsFailed, labelsPending }
    },
  }
}

async function sendBatch(
  options: { ingestUrl: string; ingestKey: string; clock: Clock; countError: (kind: string) => void },
  batchId: string,
  batch: readonly ReplayEvent[],
): Promise<boolean> {
  const body = batch.map((event) => `${JSON.stringify(labelLine(event))}\n`).join('')
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (attempt > 0) await options.clock.sleep(firstRetryMs * 2 ** (attempt - 1))
    const status = await postLabels(options, batchId, body)
    if (typeof status === 'number' && status >= 200 && status < 300) return true
    options.countError(`labels ${status}`)
    // What was refused as wrong will be refused again; only a busy or absent server is worth another attempt.
    if (typeof status === 'number' && status < 500 && status !== 429 && status !== 408) return false
  }
  return false
}

/** One line of `POST /v1/events`: `time` is the event time at which the label became known, epoch milliseconds. */
function labelLine(event: ReplayEvent) {
  return {
    type: 'label',
    predictionId: event.predictionId,
    time: event.labelEventTimeMs,
    label: event.label,
    features: { delay: event.delayMinutes },
  }
}

async function postLabels(
  { ingestUrl, ingestKey }: { ingestUrl: string; ingestKey: string },
  batchId: string,
  body: string,
): Promise<number | string> {
  try {
    const response = await request(`${ingestUrl}/v1/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        authorization: `Bearer ${ingestKey}`,
        'x-batch-id': batchId,
      },
      body,
      headersTimeout: requestTimeoutMs,
      bodyTimeout: requestTimeoutMs,
    })
    await response.body.dump()
    return response.statusCode
  } catch (error) {
    return failureKind(error)
  }
}
