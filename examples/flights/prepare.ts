import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api'
import { problem } from '#lib/platform/errors.ts'
import { type FlightStamp, type FlightTable, makeFlightTable, readFlightHeader, writeFlights } from './flight-table.ts'

/** Raise it when the columns, their order or the query change, so that folders made before are made again. */
const formatVersion = 1

export type PreparedFlights = { folder: string; reused: boolean; rowCount: number; stamp: FlightStamp }

/**
 * Makes the columnar files that training, profile and replay read from the Parquet file of `vega-datasets`: drops the
 * six rows of 1 July, derives hour and day of week, orders by every column (so equal input gives equal bytes).
 * A folder that already holds files of the same stamp is used as it is.
 */
export async function prepareFlights({ outFolder }: { outFolder: string }): Promise<PreparedFlights> {
  const source = await findSource()
  const existing = await readFlightHeader(outFolder)
  if (existing !== undefined && sameStamp(existing.stamp, source.stamp))
    return { folder: outFolder, reused: true, rowCount: existing.rowCount, stamp: existing.stamp }
  await mkdir(outFolder, { recursive: true })
  const table = await readParquet(source.path)
  await writeFlights(outFolder, table, source.stamp)
  return { folder: outFolder, reused: false, rowCount: table.rowCount, stamp: source.stamp }
}

async function findSource(): Promise<{ path: string; stamp: FlightStamp }> {
  const packageFolder = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..')
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  const path = join(packageFolder, 'data', 'flights-3m.parquet')
  const sourceSha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  return { path, stamp: { dataset: `vega-datasets@${version}/flights-3m.parquet`, sourceSha256, formatVersion } }
}

async function readParquet(path: string): Promise<FlightTable> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run(`create view flights as
      select cast(epoch_ms(date - timestamp '2001-01-01') // 60000 as integer) as minute, cast(delay as smallint) as delay,
        cast(distance as smallint) as distance, origin, destination,
        cast(hour(date) as utinyint) as hour, cast(isodow(date) as utinyint) as day_of_week
      from read_parquet('${path.replaceAll("'", "''")}') where date < timestamp '2001-07-01'`)
    const airports = await readAirports(connection)
    return await readRows(connection, airports)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function readAirports(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    'select origin as airport from flights union select destination from flights order by 1',
  )
  const airports = reader.getRows().map(([airport]) => String(airport))
  if (airports.length > 256) throw problem('invalid', `${airports.length} airports do not fit one byte.`)
  return airports
}

async function readRows(connection: DuckDBConnection, airports: string[]): Promise<FlightTable> {
  const count = await connection.runAndReadAll('select count(*)::integer from flights')
  const table = makeFlightTable(Number(count.getRows()[0]?.[0]), airports)
  // Airports leave the engine as one-byte codes: no text is made for three million rows.
  const list = airports.map((airport) => `'${airport.replaceAll("'", "''")}'`).join(',')
  const result = await connection.stream(`with codes as (select unnest([${list}]) as airport,
      unnest(range(${airports.length})) as code)
    select minute, delay, distance, cast(o.code as utinyint), cast(d.code as utinyint), hour, day_of_week
    from flights join codes o on o.airport = origin join codes d on d.airport = destination
    order by all`)
  let row = 0
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    copyChunk(chunk, table, row)
    row += chunk.rowCount
  }
  if (row !== table.rowCount) throw problem('internal', `Read ${row} rows where ${table.rowCount} were counted.`)
  return table
}

function copyChunk(chunk: DuckDBDataChunk, table: FlightTable, at: number): void {
  const targets = [
    table.minute,
    table.delay,
    table.distance,
    table.origin,
    table.destination,
    table.hour,
    table.dayOfWeek,
  ]
  for (const [index, target] of targets.entries()) {
    const values = chunk.getColumnValues(index)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (typeof value !== 'number') throw problem('invalid', `Row ${at + i} of the data has an empty column ${index}.`)
      target[at + i] = value
    }
  }
}

function sameStamp(a: FlightStamp, b: FlightStamp): boolean {
  return a.dataset === b.dataset && a.sourceSha256 === b.sourceSha256 && a.formatVersion === b.formatVersion
}
