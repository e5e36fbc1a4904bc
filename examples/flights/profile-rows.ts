import { encodeRows } from './feature-slots.ts'
import { readFlights, type FlightTable } from './flight-table.ts'
import { scoreRows } from './logistic.ts'
import type { FlightModel } from './model-file.ts'
import { pickRows, sampleRows } from './sample.ts'

/** Reference columns of the drift profile, equally long: the inputs, what the model says of them, the delay after. */
export type ProfileColumns = {
  distance: number[]
  origin: string[]
  destination: string[]
  hour: number[]
  dayOfWeek: number[]
  score: number[]
  /** Minutes; it becomes known with the label. */
  delay: number[]
}

/**
 * The reference of a model, as columns for the drift profile: January, which it was trained on, or a sample of it by
 * hash of at most `rowsMax` rows (always the same ones). `score` is what the model gives without the leak, as asked.
 */
export async function readProfileColumns(options: {
  dataFolder: string
  model: FlightModel
  from?: string
  to?: string
  rowsMax?: number
  /** Only flights below so many miles. */
  milesBelow?: number
}): Promise<ProfileColumns> {
  const { dataFolder, model, from = '2001-01-01', to = '2001-01-31', rowsMax = 100_000, milesBelow } = options
  const all = await readFlights(dataFolder, from, to)
  const table = sampleRows(milesBelow === undefined ? all : below(all, milesBelow), rowsMax)
  const names = model.description.features
  const airportName = (code: number) => table.airports[code] ?? ''
  return {
    distance: Array.from(table.distance),
    origin: Array.from(table.origin, airportName),
    destination: Array.from(table.destination, airportName),
    hour: Array.from(table.hour),
    dayOfWeek: Array.from(table.dayOfWeek),
    score: Array.from(scoreRows(model.weights, encodeRows(names, table, { leak: false }), names.length)),
    delay: Array.from(table.delay),
  }
}

function below(table: FlightTable, miles: number): FlightTable {
  const rows = Array.from(table.distance.keys()).filter((row) => (table.distance[row] ?? 0) < miles)
  return pickRows(table, rows)
}
