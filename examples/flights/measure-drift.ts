import { psi } from '#lib/drift/divergence.ts'
import { dayName, dayNumber, type FlightTable } from './flight-table.ts'
import type { ReplayEvent } from './replay.ts'

/** Edges of the delay cells in minutes, `[a, b)`, ends open. */
const delayEdges = [-10, -5, 0, 5, 15, 30, 60, 120]
const distanceEdges = [200, 300, 400, 500, 650, 800, 1000, 1300, 1800]

type Feature = 'origin' | 'destination' | 'hour' | 'dayOfWeek' | 'distance' | 'delay'

const cellsOf: Record<Feature, { count: number; cell: (table: FlightTable, row: number) => number }> = {
  origin: { count: 256, cell: (table, row) => table.origin[row] ?? 0 },
  destination: { count: 256, cell: (table, row) => table.destination[row] ?? 0 },
  hour: { count: 24, cell: (table, row) => table.hour[row] ?? 0 },
  dayOfWeek: { count: 8, cell: (table, row) => table.dayOfWeek[row] ?? 0 },
  distance: { count: distanceEdges.length + 1, cell: (table, row) => cellAt(distanceEdges, table.distance[row] ?? 0) },
  delay: { count: delayEdges.length + 1, cell: (table, row) => cellAt(delayEdges, table.delay[row] ?? 0) },
}

/** PSI (Jeffreys) of each feature and of the delay between a reference and a later table. */
export function measureFeaturePsi(reference: FlightTable, later: FlightTable): Record<Feature, number | null> {
  const between = (feature: Feature) =>
    psi(countCells(feature, reference), countCells(feature, later), 'jeffreys')?.value ?? null
  return {
    origin: between('origin'),
    destination: between('destination'),
    hour: between('hour'),
    dayOfWeek: between('dayOfWeek'),
    distance: between('distance'),
    delay: between('delay'),
  }
}

/** PSI of each day's delays against the reference, in the order of the days. `table` holds exactly those days. */
export function measureDelayDays(reference: FlightTable, table: FlightTable, from: string, to: string) {
  const expected = countCells('delay', reference)
  const first = dayNumber(from)
  const counts = Array.from({ length: dayNumber(to) - first + 1 }, () => new Float64Array(cellsOf.delay.count))
  for (let row = 0; row < table.rowCount; row++) {
    const day = counts[Math.floor((table.minute[row] ?? 0) / 1440) - first]
    const cell = cellsOf.delay.cell(table, row)
    if (day !== undefined) day[cell] = (day[cell] ?? 0) + 1
  }
  return counts.map((day, index) => ({
    day: dayName(first + index),
    psi: psi(expected, day, 'jeffreys')?.value ?? null,
  }))
}

/** PSI (Jeffreys) of what callers sent, against a reference; a missing value has a cell of its own. */
export function measureSentPsi(reference: FlightTable, events: readonly ReplayEvent[]) {
  const codes = new Map(reference.airports.map((airport, code) => [airport, code]))
  const between = (feature: Feature, cellOfEvent: (event: ReplayEvent) => number | null | undefined) => {
    const missing = cellsOf[feature].count
    const counts = new Float64Array(missing + 1)
    for (const event of events) {
      const cell = cellOfEvent(event) ?? missing
      counts[cell] = (counts[cell] ?? 0) + 1
    }
    return psi([...countCells(feature, reference), 0], counts, 'jeffreys')?.value ?? null
  }
  return {
    distance: between('distance', ({ features: { distance } }) =>
      distance === null ? null : cellAt(distanceEdges, distance),
    ),
    origin: between('origin', ({ features: { origin } }) => (origin === null ? null : codes.get(origin))),
  }
}

function countCells(feature: Feature, table: FlightTable): Float64Array {
  const { count, cell } = cellsOf[feature]
  const counts = new Float64Array(count)
  for (let row = 0; row < table.rowCount; row++) {
    const at = cell(table, row)
    counts[at] = (counts[at] ?? 0) + 1
  }
  return counts
}

function cellAt(edges: readonly number[], value: number): number {
  let cell = 0
  while (cell < edges.length && value >= (edges[cell] ?? 0)) cell++
  return cell
}
