import { type FlightTable, makeFlightTable } from './flight-table.ts'

/** A sample of at most `rowsMax` rows, chosen by hash of the row's place, in the order they had. Always the same. */
export function sampleRows(table: FlightTable, rowsMax: number): FlightTable {
  return pickRows(table, chooseByHash(table.rowCount, rowsMax, 0))
}

/** Those rows of a table, in the order given. */
export function pickRows(table: FlightTable, chosen: ArrayLike<number> & Iterable<number>): FlightTable {
  const sample = makeFlightTable(chosen.length, table.airports)
  for (const [to, from] of Array.from(chosen).entries()) {
    sample.minute[to] = table.minute[from] ?? 0
    sample.delay[to] = table.delay[from] ?? 0
    sample.distance[to] = table.distance[from] ?? 0
    sample.origin[to] = table.origin[from] ?? 0
    sample.destination[to] = table.destination[from] ?? 0
    sample.hour[to] = table.hour[from] ?? 0
    sample.dayOfWeek[to] = table.dayOfWeek[from] ?? 0
  }
  return sample
}

/** The `countMax` of `count` places with the smallest hashes, in ascending order of place. */
export function chooseByHash(count: number, countMax: number, salt: number): Uint32Array {
  const all = Uint32Array.from({ length: count }, (_, place) => place)
  if (count <= countMax) return all
  // The hash is a bijection of the place, so that no two places tie and the sample is exactly that large.
  const hashes = all.map((place) => mixBits((place + salt) >>> 0))
  const limit = hashes.toSorted()[countMax] ?? 0
  return all.filter((place) => (hashes[place] ?? 0) < limit)
}

/** The finaliser of MurmurHash3 (32 bits): a bijection in which each input bit moves about half of the output bits. */
export function mixBits(value: number): number {
  let mixed = value >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
