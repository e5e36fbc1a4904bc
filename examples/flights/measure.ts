import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokenFeed } from './drill.ts'
import { evaluateScores } from './evaluate.ts'
import { modelVariants } from './feature-slots.ts'
import { readFlights, type FlightTable } from './flight-table.ts'
import { measureDelayDays, measureFeaturePsi, measureSentPsi } from './measure-drift.ts'
import { measureServer } from './measure-server.ts'
import { loadModel, predictFlight, type FlightModel } from './model-file.ts'
import { prepareFlights } from './prepare.ts'
import { replayDays, type ReplayEvent, type ReplayTransform } from './replay.ts'
import { evaluateVariant, labelsOf, trainModel, type TrainedModel } from './train.ts'

const months = [
  { from: '2001-01-01', to: '2001-01-31' },
  { from: '2001-02-01', to: '2001-02-28' },
  { from: '2001-03-01', to: '2001-03-31' },
  { from: '2001-04-01', to: '2001-04-30' },
  { from: '2001-05-01', to: '2001-05-31' },
  { from: '2001-06-01', to: '2001-06-30' },
]

type Trained = { trained: TrainedModel; model: FlightModel }

/** One JSON object a line: what the data and the models really do. Everything is computed here, nothing is quoted. */
async function measure(folder: string): Promise<void> {
  const data = join(folder, 'data')
  const { value: prepared, ms } = await timed(() => prepareFlights({ outFolder: data }))
  print('prepare', { rows: prepared.rowCount, reused: prepared.reused, ms, ...prepared.stamp })
  const reference = await readFlights(data, '2001-01-01', '2001-01-31')
  for (const month of months) printMonth(month, reference, await readFlights(data, month.from, month.to))
  printClock(reference)
  await printDelayDays(data, reference)
  const models: Trained[] = []
  for (const variant of modelVariants) {
    const outFolder = join(folder, 'models', variant)
    const { value: trained, ms: trainMs } = await timed(() => trainModel({ variant, dataFolder: data, outFolder }))
    const { digest, description, evaluation } = trained
    print('train', { variant, ms: trainMs, digest, threshold: description.threshold, offline: evaluation })
    models.push({ trained, model: await loadModel(trained.folder) })
  }
  await printOnline(data, models)
  for (const drill of [false, true]) await printJune(data, reference, models, drill)
  const [, v2] = models
  if (v2 !== undefined) {
    const events = await collect(replayDays({ dataFolder: data, from: '2001-03-01', to: '2001-03-02' }))
    print('server', { variant: 'v2', ...(await measureServer(v2.trained, events)) })
  }
}

function printMonth(month: { from: string; to: string }, reference: FlightTable, table: FlightTable): void {
  const labels = labelsOf(table)
  const lateShare = labels.reduce((sum, label) => sum + label, 0) / labels.length
  print('month', { ...month, rows: table.rowCount, lateShare, psiToJanuary: measureFeaturePsi(reference, table) })
}

/** Is the time of a flight its plan or its departure? Plans cluster on multiples of five minutes; a fifth is chance. */
function printClock(table: FlightTable): void {
  const onFive = table.minute.filter((minute) => minute % 5 === 0).length / table.rowCount
  const labels = labelsOf(table)
  const lateByHour = Array.from({ length: 24 }, (_, hour) => {
    const ofHour = labels.filter((_label, row) => table.hour[row] === hour)
    return ofHour.reduce((sum, label) => sum + label, 0) / ofHour.length
  })
  print('clock', { month: '2001-01', shareOnMultiplesOfFive: onFive, lateByHour })
}

async function printDelayDays(data: string, reference: FlightTable): Promise<void> {
  const [from, to] = ['2001-02-01', '2001-06-30']
  const days = measureDelayDays(reference, await readFlights(data, from, to), from, to)
  const above = (limit: number) => days.filter(({ psi }) => psi !== null && psi > limit)
  const worst = days.toSorted((a, b) => (b.psi ?? 0) - (a.psi ?? 0))[0]
  print('delay-days', { days: days.length, above01: above(0.1).length, above02: above(0.2), worst })
}

/** As asked before the flight: the leaking feature of v3 is not there. January is where they were trained. */
async function printOnline(data: string, models: readonly Trained[]): Promise<void> {
  for (const month of months) {
    const table = await readFlights(data, month.from, month.to)
    for (const { model } of models)
      print('online', {
        variant: model.description.variant,
        ...month,
        ...evaluateVariant(model, table, { leak: false }),
      })
  }
}

/** The replay's sample of June as it was and as the drill makes it. */
async function printJune(
  data: string,
  reference: FlightTable,
  models: readonly Trained[],
  drill: boolean,
): Promise<void> {
  const [from, to] = ['2001-06-01', '2001-06-30']
  const transform: ReplayTransform = drill ? brokenFeed({ fromMs: Date.parse(from) }) : (event) => event
  const events = await collect(replayDays({ dataFolder: data, from, to, transform }))
  const originMissing = events.filter((event) => event.features.origin === null).length / events.length
  print('sent-june', { drill, originMissing, psiToJanuary: measureSentPsi(reference, events) })
  for (const { model } of models) {
    const { variant, required, threshold } = model.description
    const answered = events.filter((event) => required.every((name) => event.features[name] !== null))
    const scores = Float64Array.from(answered, (event) => predictFlight(model, event.features).score)
    const labels = Uint8Array.from(answered, (event) => (event.label ? 1 : 0))
    const failed = 1 - answered.length / events.length
    print('replayed-june', { drill, variant, failed, ...evaluateScores(scores, labels, threshold) })
  }
}

async function collect(events: AsyncIterable<ReplayEvent>): Promise<ReplayEvent[]> {
  const collected: ReplayEvent[] = []
  for await (const event of events) collected.push(event)
  return collected
}

async function timed<T>(run: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const startMs = performance.now()
  const value = await run()
  return { value, ms: Math.round(performance.now() - startMs) }
}

function print(what: string, facts: object): void {
  console.log(JSON.stringify({ what, ...facts }, rounded))
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value
}

const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-flights-'))
try {
  await measure(folder)
} finally {
  await rm(folder, { recursive: true })
}
