import { featuresOfRow, type FlightFeatures } from './feature-slots.ts'
import { dayName, dayNumber, eventTimeMsOf, lateAfterMinutes, readFlights } from './flight-table.ts'
import { chooseByHash, mixBits } from './sample.ts'

/** One flight as the product meets it: a prediction is asked for at its event time, its label is known later. */
export type ReplayEvent = {
  /** Epoch milliseconds; the data's local departure time read as UTC. */
  eventTimeMs: number
  predictionId: string
  /** The same flight of a timetable, day after day: origin, destination and hour. */
  stickyKey: string
  features: FlightFeatures
  /** True is more than 15 minutes late. */
  label: boolean
  delayMinutes: number
  /** Epoch milliseconds of event time at which the label becomes known. */
  labelEventTimeMs: number
  /** Where it is asked, when it is not the replay's own endpoint. */
  endpointId?: string
}

/** Changes an event on its way (a drill); the label must stay what happened. */
export type ReplayTransform = (event: ReplayEvent) => ReplayEvent

export type ReplayOptions = {
  dataFolder: string
  /** Days `YYYY-MM-DD`, both included. */
  from: string
  to: string
  /** Flights of each day, chosen by hash: the same ones in every replay. */
  sampledPerDay?: number
  transform?: ReplayTransform
  /** Before the id of each prediction, when one database sees two replays of the same days. */
  idPrefix?: string
}

/**
 * The flights of those days in the order of their event time, about 2,000 a day unless said otherwise. Labels come
 * with the event; whoever replays holds them back until `labelEventTimeMs` (see `sendReplay`).
 */
export async function* replayDays(options: ReplayOptions): AsyncGenerator<ReplayEvent, void, undefined> {
  const { dataFolder, from, to, sampledPerDay = 2_000, transform, idPrefix = 'flight' } = options
  for (let day = dayNumber(from); day <= dayNumber(to); day++) {
    const name = dayName(day)
    const table = await readFlights(dataFolder, name, name)
    for (const row of chooseByHash(table.rowCount, sampledPerDay, day << 16)) {
      const delayMinutes = table.delay[row] ?? 0
      const eventTimeMs = eventTimeMsOf(table, row)
      const features = featuresOfRow(table, row, { leak: false })
      const event = {
        eventTimeMs,
        predictionId: `${idPrefix}-${name}-${String(row).padStart(5, '0')}`,
        stickyKey: `${features.origin}-${features.destination}-${String(features.hour).padStart(2, '0')}`,
        features,
        label: delayMinutes > lateAfterMinutes,
        delayMinutes,
        labelEventTimeMs: eventTimeMs + Math.max(0, delayMinutes) * 60_000 + reportingDelayMs((day << 16) + row),
      }
      yield transform ? transform(event) : event
    }
  }
}

const hourMs = 3_600_000

/** Two to four hours for the flight itself and the report of its arrival, the same for a flight in every replay. */
function reportingDelayMs(seed: number): number {
  // Another salt than the choice of the rows has: chosen rows are those with small hashes, and would all report early.
  return 2 * hourMs + Math.floor((mixBits((seed ^ 0x9e3779b9) >>> 0) / 2 ** 32) * 2 * hourMs)
}
