import { open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '#lib/platform/errors.ts'

/**
 * Rows as columns, ordered by time. `minute` counts from 2001-01-01 00:00 as the data set writes it: local time of the
 * airport, read here as UTC. `hour` is 0–23, `dayOfWeek` 1 (Monday) – 7, `delay` minutes (negative is early),
 * `distance` miles; `origin` and `destination` index `airports`.
 */
export type FlightTable = {
  airports: readonly string[]
  rowCount: number
  minute: Int32Array
  delay: Int16Array
  distance: Int16Array
  origin: Uint8Array
  destination: Uint8Array
  hour: Uint8Array
  dayOfWeek: Uint8Array
}

/** What the folder was made from; equal stamps mean equal bytes. */
export type FlightStamp = { dataset: string; sourceSha256: string; formatVersion: number }

export type FlightHeader = { stamp: FlightStamp; airports: string[]; rowCount: number; dayStarts: number[] }

export const epochMsOfDayZero = Date.UTC(2001, 0, 1)
/** 1 January to 30 June 2001. */
export const dayCount = 181
/** A flight counts as late when it is more than this many minutes late. */
export const lateAfterMinutes = 15

const columns = [
  { name: 'minute', bytes: 4, make: (buffer: ArrayBuffer) => new Int32Array(buffer) },
  { name: 'delay', bytes: 2, make: (buffer: ArrayBuffer) => new Int16Array(buffer) },
  { name: 'distance', bytes: 2, make: (buffer: ArrayBuffer) => new Int16Array(buffer) },
  { name: 'origin', bytes: 1, make: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
  { name: 'destination', bytes: 1, make: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
  { name: 'hour', bytes: 1, make: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
  { name: 'dayOfWeek', bytes: 1, make: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
] as const

/**
 * Reads the days `from` to `to` (both included, `YYYY-MM-DD`) of a prepared folder.
 * Throws `not-found` when the folder was not prepared, `invalid` when the days are not in the data.
 */
export async function readFlights(folder: string, from: string, to: string): Promise<FlightTable> {
  const header = await readFlightHeader(folder)
  if (header === undefined)
    throw problem('not-found', 'No prepared flights here: run prepareFlights first.', { folder })
  const [first, last] = [dayNumber(from), dayNumber(to)]
  if (first > last) throw problem('invalid', `The days run backwards: ${from} is after ${to}.`)
  const begin = header.dayStarts[first] ?? header.rowCount
  const rowCount = (header.dayStarts[last + 1] ?? header.rowCount) - begin
  const file = await open(join(folder, 'flights.bin'), 'r')
  try {
    const read = async <T>(name: string, make: (buffer: ArrayBuffer) => T): Promise<T> => {
      const { offset, bytes } = columnPlace(name, header.rowCount)
      const target = new Uint8Array(rowCount * bytes)
      const { bytesRead } = await file.read(target, 0, target.length, offset + begin * bytes)
      if (bytesRead !== target.length) throw problem('invalid', 'flights.bin is cut short: prepare the flights again.')
      return make(target.buffer)
    }
    return {
      airports: header.airports,
      rowCount,
      minute: await read('minute', columns[0].make),
      delay: await read('delay', columns[1].make),
      distance: await read('distance', columns[2].make),
      origin: await read('origin', columns[3].make),
      destination: await read('destination', columns[4].make),
      hour: await read('hour', columns[5].make),
      dayOfWeek: await read('dayOfWeek', columns[6].make),
    }
  } finally {
    await file.close()
  }
}

/**
 * Writes the whole table: `flights.bin` holds the columns one after the other (little-endian, as every machine that
 * Node runs on writes them), `flights.json` the header. The header comes last and by rename, so that a folder with a
 * header is complete.
 */
export async function writeFlights(folder: string, table: FlightTable, stamp: FlightStamp): Promise<FlightHeader> {
  const dayStarts = dayStartsOf(table)
  const header: FlightHeader = { stamp, airports: [...table.airports], rowCount: table.rowCount, dayStarts }
  const parts = columns.map(({ name }) => {
    const column = table[name]
    return new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
  })
  await writeFile(join(folder, 'flights.bin.part'), Buffer.concat(parts))
  await rename(join(folder, 'flights.bin.part'), join(folder, 'flights.bin'))
  await writeFile(join(folder, 'flights.json.part'), JSON.stringify(header))
  await rename(join(folder, 'flights.json.part'), join(folder, 'flights.json'))
  return header
}

/** The header of a prepared folder, or undefined when there is none. */
export async function readFlightHeader(folder: string): Promise<FlightHeader | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'flights.json'), 'utf8')) as FlightHeader
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** An empty table of that many rows, to be filled. */
export function makeFlightTable(rowCount: number, airports: readonly string[]): FlightTable {
  return {
    airports,
    rowCount,
    minute: new Int32Array(rowCount),
    delay: new Int16Array(rowCount),
    distance: new Int16Array(rowCount),
    origin: new Uint8Array(rowCount),
    destination: new Uint8Array(rowCount),
    hour: new Uint8Array(rowCount),
    dayOfWeek: new Uint8Array(rowCount),
  }
}

/** Days since 2001-01-01; throws `invalid` for what is not a day of January to June 2001. */
export function dayNumber(day: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  const number = (at - epochMsOfDayZero) / 86_400_000
  // Date.parse rolls 30 February over to March.
  if (!(number >= 0 && number < dayCount) || dayName(number) !== day)
    throw problem('invalid', `${day} is not a day of the data: give YYYY-MM-DD from 2001-01-01 to 2001-06-30.`)
  return number
}

/** `YYYY-MM-DD` of a day number. */
export function dayName(number: number): string {
  return new Date(epochMsOfDayZero + number * 86_400_000).toISOString().slice(0, 10)
}

/** Event time of a row, epoch milliseconds. */
export function eventTimeMsOf(table: FlightTable, row: number): number {
  return epochMsOfDayZero + (table.minute[row] ?? 0) * 60_000
}

function dayStartsOf(table: FlightTable): number[] {
  const starts = Array.from<number>({ length: dayCount + 1 }).fill(table.rowCount)
  for (let row = table.rowCount - 1; row >= 0; row--) starts[Math.floor((table.minute[row] ?? 0) / 1440)] = row
  // A day without flights starts where the next one does.
  for (let day = dayCount - 1; day >= 0; day--) starts[day] = Math.min(starts[day] ?? 0, starts[day + 1] ?? 0)
  return starts
}

function columnPlace(name: string, rowCount: number): { offset: number; bytes: number } {
  let offset = 0
  for (const column of columns) {
    if (column.name === name) return { offset, bytes: column.bytes }
    offset += column.bytes * rowCount
  }
  throw new TypeError(`no column ${name}`)
}
