import {
  driftRows,
  emptyDriftFold,
  foldLabelFeatures,
  foldPrediction,
  type DriftFold,
  type EndpointMonitors,
} from '#lib/drift/fold.ts'
import { addDriftCounts, raiseWatermarks } from '#lib/drift/queries.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { foldLabelled } from '#lib/quality/fold.ts'
import { keptLabel, keptPrediction, labelledOf, type JoinedLabel } from '#lib/quality/join.ts'
import { addQualityFacts, joinLabels, keepLabels, keepPredictions } from '#lib/quality/queries.ts'
import { namedIn, type IndexedEvent } from '#lib/telemetry/admit.ts'
import type { EventRejection } from '#lib/telemetry/events.ts'
import { emptyFold, foldEvents, sortedFacts, type Fold } from '#lib/telemetry/fold.ts'
import {
  addRequestFacts,
  insertBatches,
  keepHeartbeats,
  lockTelemetry,
  selectBatchAnswers,
} from '#lib/telemetry/queries.ts'
import { answerOf, type Answer } from './answer.ts'
import type { MonitorSource } from './monitors.ts'

/** One request whose events were read and admitted. */
export type Batch = {
  workspaceId: string
  /** The one endpoint that the sender's key is for. */
  endpointId: string | null
  /** The sender's name for this batch, by which a retry is known; null when it gave none. */
  batchId: string | null
  events: readonly IndexedEvent[]
  rejected: readonly EventRejection[]
}

type Folded = { telemetry: Fold; drift: DriftFold; answers: Map<Batch, Answer> }

/**
 * Folds the batches and writes everything in one transaction, then answers them in their order. A batch that was folded
 * before, in this call or any earlier one, gets the answer of then and is not folded again.
 */
export async function commitBatches(
  system: System,
  monitorsOf: MonitorSource,
  batches: readonly Batch[],
): Promise<Answer[]> {
  const { firsts, repeats } = splitRepeats(batches)
  const predictions = firsts.flatMap((batch) => batch.events).filter(({ event }) => event.type === 'prediction')
  const monitors = await monitorsOf(namedIn(predictions).endpoints)
  // Folding is work for the processor: it is done before the locks are taken, and again only when a retry is among them.
  const foreseen = foldBatches(firsts, monitors)
  let due = 0
  const answers = await housekeep(system, 'telemetry-fold', async (tx) => {
    await lockTelemetry(
      tx,
      firsts.flatMap((batch) => [batch.workspaceId, ...workspacesOf(batch)]),
    )
    const earlier = await selectBatchAnswers(tx, firsts.flatMap(named))
    const fresh = firsts.filter((batch) => !earlier.has(keyOf(batch) ?? ''))
    const folded = fresh.length === firsts.length ? foreseen : foldBatches(fresh, monitors)
    due = await writeFolds(system, tx, folded, monitorsOf)
    const answered = fresh.flatMap((batch) =>
      named(batch).map((name) => ({ ...name, answer: folded.answers.get(batch) })),
    )
    await insertBatches(tx, answered, system.clock.now())
    const found = new Map<Batch, Answer>(folded.answers)
    for (const batch of firsts) {
      const answer = earlier.get(keyOf(batch) ?? '')
      if (answer !== undefined) found.set(batch, { ...(answer as Answer), duplicate: true })
    }
    return found
  })
  if (due > 0) system.notify(['drift'])
  return batches.map((batch) => {
    const first = repeats.get(batch)
    const answer = answers.get(first ?? batch)
    if (!answer) throw new Error('a batch was left without an answer')
    return first ? { ...answer, duplicate: true } : answer
  })
}

/** A data plane's batch holds events of every workspace that serves from it. */
function workspacesOf(batch: Batch): Set<string> {
  return new Set(batch.events.flatMap((each) => each.workspaceId ?? []))
}

/** A retry can overtake its first attempt into the same commit. */
function splitRepeats(batches: readonly Batch[]): { firsts: Batch[]; repeats: Map<Batch, Batch> } {
  const seen = new Map<string, Batch>()
  const repeats = new Map<Batch, Batch>()
  for (const batch of batches) {
    const key = keyOf(batch)
    const first = key === undefined ? undefined : seen.get(key)
    if (first) repeats.set(batch, first)
    else if (key !== undefined) seen.set(key, batch)
  }
  return { firsts: batches.filter((batch) => !repeats.has(batch)), repeats }
}

function foldBatches(batches: readonly Batch[], monitors: ReadonlyMap<string, EndpointMonitors>): Folded {
  const telemetry = emptyFold()
  const drift = emptyDriftFold()
  const answers = new Map<Batch, Answer>()
  for (const batch of batches) {
    const unfit: EventRejection[] = []
    for (const { event, index } of batch.events) {
      if (event.type !== 'prediction') continue
      const of = monitors.get(event.endpoint)
      const message = of ? foldPrediction(drift, of, event) : null
      // A feature of the wrong type is no fault of the score or of the label: the prediction stays in quality.
      if (message !== null) unfit.push({ index, path: 'features', message, partial: true })
    }
    foldEvents(telemetry, batch, batch.events)
    answers.set(batch, answerOf(batch.events.length, [...batch.rejected, ...unfit]))
  }
  return { telemetry, drift, answers }
}

/** Writes in a fixed order of tables and keys. Labels wait in their table until they are joined, also those of this commit. Returns how many monitors have become due. */
async function writeFolds(system: System, tx: Tx, folded: Folded, monitorsOf: MonitorSource): Promise<number> {
  const { telemetry, drift } = folded
  const now = system.clock.now()
  await addRequestFacts(
    tx,
    sortedFacts(telemetry).map((fact) => ({ ...fact, sliceAt: new Date(fact.sliceAtMs) })),
  )
  const heartbeats = [...telemetry.heartbeats].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, beat]) => beat)
  await keepHeartbeats(
    tx,
    heartbeats.map(({ workspaceId, event }) => ({
      workspaceId,
      agentId: event.agent,
      at: new Date(event.time),
      content: { sequence: event.sequence, endpoints: event.endpoints, tap: event.tap },
    })),
  )
  const joined = await joinQuality(tx, telemetry, now)
  await addQualityFacts(tx, foldLabelled(joined.map(labelledOf)))
  await foldJoined(system, drift, joined, monitorsOf)
  await addDriftCounts(tx, driftRows(drift))
  return raiseWatermarks(tx, drift.newestMs, now)
}

async function joinQuality(tx: Tx, { predictions, labels }: Fold, now: Date): Promise<JoinedLabel[]> {
  const kept = predictions.map(({ workspaceId, event }) => keptPrediction(workspaceId, event))
  const known = labels.map(({ workspaceId, keyEndpointId, event }) => keptLabel(workspaceId, keyEndpointId, event))
  await keepPredictions(tx, kept, now)
  await keepLabels(tx, known, now)
  return (await joinLabels(tx, [...kept, ...known], now)).filter((join) => join.isFirst)
}

/** A label says nothing of its endpoint: which monitors it concerns is known when it has been joined. */
async function foldJoined(
  system: System,
  drift: DriftFold,
  joined: readonly JoinedLabel[],
  monitorsOf: MonitorSource,
): Promise<void> {
  const monitors = await monitorsOf(new Set(joined.map((join) => join.endpointId)))
  let unfit = 0
  for (const join of joined) {
    const of = monitors.get(join.endpointId)
    if (of) unfit += foldLabelFeatures(drift, of, { ...join, eventAtMs: join.eventAt.getTime() })
  }
  if (unfit > 0) system.log.warn({ unfit }, 'values that came with labels are not of their features’ types')
}

function named(batch: Batch): { workspaceId: string; batchId: string }[] {
  return batch.batchId === null ? [] : [{ workspaceId: batch.workspaceId, batchId: batch.batchId }]
}

function keyOf(batch: Batch): string | undefined {
  return batch.batchId === null ? undefined : `${batch.workspaceId} ${batch.batchId}`
}
