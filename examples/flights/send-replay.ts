import { request } from 'undici'
import { problem } from '#lib/platform/errors.ts'
import { systemClock, type Clock } from '#lib/platform/clock.ts'
import { failureKind } from './failure-kind.ts'
import { startLabelQueue } from './label-queue.ts'
import type { ReplayControl } from './replay-control.ts'
import type { ReplayEvent } from './replay.ts'

/** Counts so far. `errors` by kind: `predict 503`, `predict UND_ERR_…`, `labels 429`; nothing that failed is left out. */
export type ReplayProgress = {
  state: ReplayControl['state'] | 'finished'
  /** Event time reached, epoch milliseconds; null before the first event. */
  eventTimeMs: number | null
  predictionsSent: number
  predictionsAnswered: number
  predictionsFailed: number
  labelsSent: number
  labelsFailed: number
  /** Known only later in event time, or not sent because the replay was stopped. */
  labelsPending: number
  errors: Readonly<Record<string, number>>
}

export type SendReplayOptions = {
  events: AsyncIterable<ReplayEvent>
  /** Origin of the gateway, e.g. `http://127.0.0.1:4319`. */
  gatewayUrl: string
  endpointId: string
  /** Sent to the gateway as a bearer token when given. */
  gatewayKey?: string
  ingestUrl: string
  ingestKey: string
  /** Pause, resume, stop and rate (predictions a second of wall time). */
  control: ReplayControl
  /** Makes batch ids unique between runs; a repeated run id repeats them, so that labels are not counted twice. */
  runId: string
  clock?: Clock
  concurrencyMax?: number
  onProgress?: (progress: ReplayProgress) => void
}

const requestTimeoutMs = 10_000
/** One report for so many events of progress; the first and the last are always reported. */
const eventsPerReport = 100

/**
 * Replays events at the rate of `control`: each one's prediction is asked of the gateway, with its event time, id and
 * sticky key as headers, and the labels of answered predictions go to the ingest server as soon as the replay's event
 * time passes the moment they became known. At most `concurrencyMax` predictions are under way; a slow gateway slows
 * the replay. Failures of the gateway and of the ingest server are counted by kind and never end the replay.
 * At the end the labels that are still due are sent, unless it was stopped. Resolves with the last progress.
 */
export async function sendReplay(options: SendReplayOptions): Promise<ReplayProgress> {
  const { control, clock = systemClock, concurrencyMax = 16, onProgress } = options
  if (!(concurrencyMax >= 1 && concurrencyMax <= 256))
    throw problem('invalid', 'concurrencyMax must be from 1 to 256.', { concurrencyMax })
  const counts = {
    eventTimeMs: null as number | null,
    predictionsSent: 0,
    predictionsAnswered: 0,
    predictionsFailed: 0,
  }
  const errors: Record<string, number> = {}
  const countError = (kind: string) => {
    errors[kind] = (errors[kind] ?? 0) + 1
  }
  const labels = startLabelQueue({ ...options, clock, countError })
  const report = (state: ReplayProgress['state']): ReplayProgress => {
    const progress = { state, ...counts, ...labels.counts(), errors: { ...errors } }
    onProgress?.(progress)
    return progress
  }
  const underWay = new Set<Promise<void>>()
  const predict = async (event: ReplayEvent) => {
    const outcome = await askGateway(options, event)
    if ('predictionId' in outcome) {
      counts.predictionsAnswered++
      labels.add({ ...event, predictionId: outcome.predictionId })
    } else {
      counts.predictionsFailed++
      countError(`predict ${outcome.failure}`)
    }
  }
  for await (const event of options.events) {
    if (!(await control.turn(clock))) break
    counts.eventTimeMs = event.eventTimeMs
    await labels.sendDue(event.eventTimeMs)
    if (underWay.size >= concurrencyMax) await Promise.race(underWay)
    counts.predictionsSent++
    const sending: Promise<void> = predict(event).finally(() => underWay.delete(sending))
    underWay.add(sending)
    if (counts.predictionsSent % eventsPerReport === 1) report(control.state)
  }
  await Promise.all(underWay)
  if (control.state !== 'stopped') await labels.sendDue(Number.POSITIVE_INFINITY)
  return report(control.state === 'stopped' ? 'stopped' : 'finished')
}

/**
 * The id under which the gateway recorded the prediction, or the kind of failure. A gateway that gives ids of its own
 * says so in `x-quarterdeck-prediction-id`, and the label must then name that one.
 */
async function askGateway(
  options: SendReplayOptions,
  event: ReplayEvent,
): Promise<{ predictionId: string } | { failure: string }> {
  const { gatewayUrl, gatewayKey } = options
  const endpointId = event.endpointId ?? options.endpointId
  try {
    const { statusCode, headers, body } = await request(
      `${gatewayUrl}/endpoints/${encodeURIComponent(endpointId)}/predict`,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-event-time': String(event.eventTimeMs),
          'x-quarterdeck-key': event.stickyKey,
          'x-prediction-id': event.predictionId,
          ...(gatewayKey === undefined ? {} : { authorization: `Bearer ${gatewayKey}` }),
        },
        body: JSON.stringify({ features: event.features }),
        headersTimeout: requestTimeoutMs,
        bodyTimeout: requestTimeoutMs,
      },
    )
    await body.dump()
    if (statusCode !== 200) return { failure: String(statusCode) }
    const given = headers['x-quarterdeck-prediction-id']
    return { predictionId: typeof given === 'string' ? given : event.predictionId }
  } catch (error) {
    return { failure: failureKind(error) }
  }
}
