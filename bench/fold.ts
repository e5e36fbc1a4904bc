/**
 * How fast one core folds prediction events into drift counts. Prints one JSON line per figure.
 *
 *   node bench/fold.ts [events=200000] [rounds=5]
 *
 * Events are NDJSON lines of about 290 bytes with ten features (six numeric, three categorical, one boolean). The floor
 * is JSON.parse alone on the same lines in the same run; ratios are to that floor. The best of the rounds counts.
 */
import { Ajv } from 'ajv'

import { compileBinner, type EventFeatures, zeroCounts } from '#lib/drift/bin.ts'
import { buildProfile, type CellValue } from '#lib/drift/profile.ts'

import { generator } from './simulation.ts'

const events = Number(process.argv[2] ?? 200_000)
const rounds = Number(process.argv[3] ?? 5)
if (!(events >= 1000 && events <= 5_000_000) || !(rounds >= 1 && rounds <= 100)) {
  console.error('usage: node bench/fold.ts [events 1000..5000000] [rounds 1..100]')
  process.exit(2)
}

type PredictionEvent = { id: string; model: string; version: string; at: string; features: EventFeatures }

const random = generator(1)
const numeric = ['distance', 'departure_hour', 'seat_load', 'wind_speed', 'visibility', 'delay_before']
const texts: Record<string, string[]> = {
  carrier: ['AA', 'DL', 'UA', 'WN', 'B6', 'AS', 'NK', 'F9'],
  origin: Array.from({ length: 200 }, (_, i) => `A${String(i).padStart(3, '0')}`),
  aircraft: ['A320', 'B737', 'E175', 'CRJ9', 'A321'],
}

function eventAt(i: number): PredictionEvent {
  const features: Record<string, CellValue> = {}
  for (const name of numeric) features[name] = Math.round(random() * 1e5) / 100
  for (const [name, values] of Object.entries(texts)) features[name] = values[Math.floor(random() ** 2 * values.length)]
  features.holiday = random() < 0.1
  return {
    id: `e${String(i).padStart(9, '0')}`,
    model: 'flight-delay',
    version: '12',
    at: '2026-01-05T12:00:00Z',
    features,
  }
}

const sample = Array.from({ length: events }, (_, i) => eventAt(i))
const lines = sample.map((event) => JSON.stringify(event))
const reference = sample.slice(0, 10_000).map((event) => event.features)
const profile = buildProfile(
  Object.fromEntries(Object.keys(reference[0] ?? {}).map((name) => [name, reference.map((f) => f[name])])),
)
const value = { type: ['number', 'string', 'boolean', 'null'] }
const validate = new Ajv({ allowUnionTypes: true }).compile({
  type: 'object',
  required: ['id', 'model', 'version', 'at', 'features'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 200 },
    model: { type: 'string', minLength: 1, maxLength: 200 },
    version: { type: 'string', minLength: 1, maxLength: 200 },
    at: { type: 'string', minLength: 1, maxLength: 40 },
    features: { type: 'object', maxProperties: 2000, additionalProperties: value },
  },
})
const { fold } = compileBinner(profile)

const steps: Record<string, () => number> = {
  'parse only': () =>
    lines.reduce((n, line) => n + ((JSON.parse(line) as PredictionEvent).features === null ? 0 : 1), 0),
  'parse and validate': () => lines.reduce((n, line) => n + (validate(JSON.parse(line)) ? 1 : 0), 0),
  'parse, validate and bin': () => {
    const counts = zeroCounts(profile)
    for (const line of lines) {
      const event = JSON.parse(line) as PredictionEvent
      if (validate(event)) fold(event.features, counts)
    }
    return counts.rows
  },
  'bin only': () => {
    const counts = zeroCounts(profile)
    for (const event of sample) fold(event.features, counts)
    return counts.rows
  },
}

const best = new Map<string, number>()
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries(steps)) {
    const start = process.hrtime.bigint()
    const done = run()
    const seconds = Number(process.hrtime.bigint() - start) / 1e9
    if (done !== events) throw new Error(`${name}: ${done} of ${events} events counted`)
    best.set(name, Math.max(best.get(name) ?? 0, events / seconds))
  }
}

const bytes = Math.round(lines.reduce((sum, line) => sum + line.length, 0) / events)
const floor = best.get('parse only') ?? Number.NaN
for (const [figure, perSecond] of best) {
  const ratioToParse = Number((perSecond / floor).toFixed(3))
  console.log(
    JSON.stringify({
      bench: 'fold',
      figure,
      value: Math.round(perSecond),
      unit: 'events/s',
      ratioToParse,
      eventBytes: bytes,
      events,
      rounds,
    }),
  )
}
