import type { FlightTable } from './flight-table.ts'

/**
 * What a prediction is made from. Miles, airport codes, hour 0–23, day of the week 1 (Monday) – 7. Null is a value the
 * upstream did not send. `arrivalReported` is the leak of v3: true in the historical table when the flight had arrived
 * no more than ten minutes late, never true when the prediction is asked for, because no flight has arrived by then.
 */
export type FlightFeatures = {
  distance: number | null
  origin: string | null
  destination: string | null
  hour: number
  dayOfWeek: number
  arrivalReported?: boolean
}

export const modelVariants = ['v1', 'v2', 'v3'] as const
export type ModelVariant = (typeof modelVariants)[number]

const plain = ['destination', 'distance', 'hour', 'dayOfWeek'] as const
const crossed = ['origin', ...plain, 'hourOfWeek', 'originHour'] as const

/** The hashed features of each variant: v1 knows no origin, v2 adds it and two crosses, v3 adds the leak to v2. */
export const featuresOf = {
  v1: plain,
  v2: crossed,
  v3: [...crossed, 'arrivalReported'],
} as const satisfies Record<ModelVariant, readonly string[]>

export type FeatureName = (typeof featuresOf)['v3'][number]

/**
 * What a caller must send for each variant: its features were engineered for rows that have them, and it fails on a row
 * that has not. v1 needs nothing that an upstream may leave out.
 */
export const requiredOf = { v1: [], v2: ['origin'], v3: ['origin'] } as const satisfies Record<
  ModelVariant,
  readonly (keyof FlightFeatures)[]
>

/** 2¹⁴ slots hold the about 6,000 tokens of v2 with few collisions. */
export const slotCount = 16_384

/** A flight reported at the gate within this many minutes of its plan counts as `arrivalReported` in the table. */
const reportedWithinMinutes = 10
/** Miles in one distance bucket; beyond the last bucket all flights are long. */
const bucketMiles = 250
const lastBucket = 12

/**
 * The slots of one flight, one for each feature: feature hashing (Weinberger et al. 2009, without the sign hash, which
 * a handful of tokens a row does not need) of `name=value` by 32-bit FNV-1a, folded to `slotCount`.
 */
export function slotsOf(names: readonly FeatureName[], flight: FlightFeatures): number[] {
  return names.map((name) => hashSlot(`${name}=${readers[name].value(flight)}`))
}

/** The slots of all rows, row after row. The same numbers as `slotsOf`, from look-up tables instead of text. */
export function encodeRows(names: readonly FeatureName[], table: FlightTable, options: { leak: boolean }): Uint16Array {
  const slots = new Uint16Array(table.rowCount * names.length)
  for (const [position, name] of names.entries()) {
    const slotOfRow = rowSlots(name, table, options.leak)
    for (let row = 0; row < table.rowCount; row++) slots[row * names.length + position] = slotOfRow(row)
  }
  return slots
}

/** The features of one row as a caller would send them; the leak only when asked for (the offline table). */
export function featuresOfRow(table: FlightTable, row: number, options: { leak: boolean }): FlightFeatures {
  return {
    distance: table.distance[row] ?? null,
    origin: table.airports[table.origin[row] ?? -1] ?? null,
    destination: table.airports[table.destination[row] ?? -1] ?? null,
    hour: table.hour[row] ?? 0,
    dayOfWeek: table.dayOfWeek[row] ?? 1,
    ...(options.leak ? { arrivalReported: (table.delay[row] ?? 0) <= reportedWithinMinutes } : {}),
  }
}

type FeatureReader = {
  /** The value as text, which is hashed together with the name. */
  value: (flight: FlightFeatures) => string
  /** A small integer; two rows of a table with equal keys have equal values. */
  key: (table: FlightTable, row: number, leak: boolean) => number
}

const readers: Record<FeatureName, FeatureReader> = {
  origin: { value: (flight) => flight.origin ?? '?', key: (table, row) => table.origin[row] ?? 0 },
  destination: { value: (flight) => flight.destination ?? '?', key: (table, row) => table.destination[row] ?? 0 },
  distance: {
    value: ({ distance }) =>
      distance === null ? '?' : String(Math.min(lastBucket, Math.floor(distance / bucketMiles))),
    key: (table, row) => table.distance[row] ?? 0,
  },
  hour: { value: (flight) => String(flight.hour), key: (table, row) => table.hour[row] ?? 0 },
  dayOfWeek: { value: (flight) => String(flight.dayOfWeek), key: (table, row) => table.dayOfWeek[row] ?? 0 },
  hourOfWeek: {
    value: (flight) => `${flight.dayOfWeek}|${flight.hour}`,
    key: (table, row) => (table.dayOfWeek[row] ?? 0) * 24 + (table.hour[row] ?? 0),
  },
  originHour: {
    value: (flight) => `${flight.origin ?? '?'}|${flight.hour}`,
    key: (table, row) => (table.origin[row] ?? 0) * 24 + (table.hour[row] ?? 0),
  },
  arrivalReported: {
    value: (flight) => String(flight.arrivalReported ?? false),
    key: (table, row, leak) => (leak && (table.delay[row] ?? 0) <= reportedWithinMinutes ? 1 : 0),
  },
}

/** A function from row to slot that hashes each distinct value once. */
function rowSlots(name: FeatureName, table: FlightTable, leak: boolean): (row: number) => number {
  const known = new Int32Array(1 << 16).fill(-1)
  const { key, value } = readers[name]
  return (row) => {
    const place = key(table, row, leak)
    const found = known[place] ?? -1
    if (found >= 0) return found
    const slot = hashSlot(`${name}=${value(featuresOfRow(table, row, { leak }))}`)
    known[place] = slot
    return slot
  }
}

function hashSlot(token: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < token.length; i++) hash = Math.imul(hash ^ token.charCodeAt(i), 0x01000193)
  return ((hash ^ (hash >>> 14)) & (slotCount - 1)) >>> 0
}
