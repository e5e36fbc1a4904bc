import { cellCount, type FeatureProfile, isByValue, specialCells } from './cells.ts'
import type { CellValue, Profile } from './profile.ts'
import { textKey } from './text-key.ts'

export type EventFeatures = Record<string, CellValue>

/** Count vectors of a window, aligned with the profile's features. Merging is addition, so order never matters. */
export type FeatureCounts = {
  rows: number
  cells: Float64Array[]
  /** Names that events carried and the profile does not know → number of events. Bounded by `UNKNOWN_NAMES_MAX`. */
  unknownNames: Map<string, number>
}

export type Binner = {
  names: readonly string[]
  /**
   * Counts one event. Returns null, or the reason why the event is rejected; then nothing of it is counted.
   * An absent feature counts as null; an unknown name is noted but does not reject. Never throws.
   */
  fold(features: EventFeatures, into: FeatureCounts): string | null
}

export const UNKNOWN_NAMES_MAX = 100
const NAME_LENGTH_MAX = 200
/** Above this many edges a binary search beats the linear scan. */
const LINEAR_EDGES_MAX = 32

/**
 * Compiles a profile into a fold over events. Rules, the same for every engine:
 *
 * - numeric: a number (or the protobuf-JSON texts "NaN", "Infinity", "-Infinity"); -0 is 0, 1e308 falls in the last cell;
 * - categorical: a text, or a finite number taken by its RFC 8785 text; an empty text is a value like any other; a text
 *   longer than 256 units is compared by its SHA-256;
 * - boolean: true or false; anything else rejects the event.
 */
export function compileBinner(profile: Profile): Binner {
  const names = profile.features.map((f) => f.name)
  const locators = profile.features.map(compileLocator)
  const known = new Set(names)
  const positions = new Int32Array(names.length)

  function fold(features: EventFeatures, into: FeatureCounts): string | null {
    let present = 0
    for (let i = 0; i < locators.length; i++) {
      const value = features[names[i] as string]
      if (value !== undefined) present++
      const cell = (locators[i] as Locator)(value)
      if (cell < 0) return rejection(names[i] as string, profile.features[i] as FeatureProfile, value)
      positions[i] = cell
    }
    for (let i = 0; i < positions.length; i++) {
      const cells = into.cells[i] as Float64Array
      const cell = positions[i] as number
      cells[cell] = (cells[cell] as number) + 1
    }
    into.rows++
    if (countKeys(features) !== present) noteUnknown(features, known, into.unknownNames)
    return null
  }
  return { names, fold }
}

/** Fresh, empty counts for a profile. */
export function zeroCounts(profile: Profile): FeatureCounts {
  return {
    rows: 0,
    cells: profile.features.map((f) => new Float64Array(cellCount(f))),
    unknownNames: new Map(),
  }
}

/** Adds `source` into `target` cell by cell. Throws `RangeError` when the two were not made for the same profile. */
export function addCounts(target: FeatureCounts, source: FeatureCounts): void {
  const fits =
    target.cells.length === source.cells.length &&
    target.cells.every((cells, i) => cells.length === source.cells[i]?.length)
  if (!fits) throw new RangeError('counts of different profiles cannot be added')
  target.rows += source.rows
  for (const [i, from] of source.cells.entries()) {
    const to = target.cells[i] as Float64Array
    for (let j = 0; j < from.length; j++) to[j] = (to[j] as number) + (from[j] as number)
  }
  for (const [name, events] of source.unknownNames) noteName(target.unknownNames, name, events)
}

/** Maps a value to its cell, or to -1 when its type does not fit. */
type Locator = (value: unknown) => number

function compileLocator(f: FeatureProfile): Locator {
  if (f.kind === 'boolean') return booleanLocator(f)
  if (f.kind === 'categorical') return categoricalLocator(f)
  return numericLocator(f, isByValue(f) ? valueFinder(f) : edgeFinder(f.edges))
}

function numericLocator(f: FeatureProfile, find: (value: number) => number): Locator {
  const cells = specialCells(f)
  return (value) => {
    if (typeof value === 'number') {
      if (Number.isFinite(value)) return find(value)
      if (value === Infinity) return cells.plusInfinity
      return value === -Infinity ? cells.minusInfinity : cells.nan
    }
    if (value === null || value === undefined) return cells.null
    if (value === 'NaN') return cells.nan
    if (value === 'Infinity') return cells.plusInfinity
    return value === '-Infinity' ? cells.minusInfinity : -1
  }
}

function valueFinder(f: FeatureProfile): (value: number) => number {
  const unseen = specialCells(f).unseen
  const cells = new Map(f.values.map((v, i) => [Number(v), i]))
  return (value) => cells.get(value) ?? unseen
}

function edgeFinder(list: readonly number[]): (value: number) => number {
  const edges = Float64Array.from(list)
  const n = edges.length
  if (n <= LINEAR_EDGES_MAX) {
    return (value) => {
      let i = 0
      while (i < n && value >= (edges[i] as number)) i++
      return i
    }
  }
  return (value) => {
    let low = 0
    let high = n
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value >= (edges[middle] as number)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function categoricalLocator(f: FeatureProfile): Locator {
  const cells = specialCells(f)
  const positions = new Map(f.values.map((v, i) => [v, i]))
  for (const text of f.tail ?? []) positions.set(text, cells.other)
  const unlisted = f.tail === null ? cells.other : cells.unseen
  const locateText = (text: string) => positions.get(text) ?? positions.get(textKey(text)) ?? unlisted
  return (value) => {
    if (typeof value === 'string') return locateText(value)
    if (value === null || value === undefined) return cells.null
    return typeof value === 'number' && Number.isFinite(value) ? locateText(String(value)) : -1
  }
}

function booleanLocator(f: FeatureProfile): Locator {
  const cells = specialCells(f)
  return (value) => {
    if (value === true) return 1
    if (value === false) return 0
    return value === null || value === undefined ? cells.null : -1
  }
}

function rejection(name: string, f: FeatureProfile, value: unknown): string {
  const expected = { numeric: 'a number', categorical: 'a text', boolean: 'true or false' }[f.kind]
  return `feature "${name.slice(0, NAME_LENGTH_MAX)}": expected ${expected} or null, got ${describe(value)}`
}

function describe(value: unknown): string {
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`
  return typeof value === 'object' ? 'an object' : `a value of type ${typeof value}`
}

/** `for in` is the quickest way over a parsed object, which inherits nothing enumerable. May count undefined values. */
function countKeys(features: EventFeatures): number {
  let keys = 0
  for (const _name in features) keys++
  return keys
}

function noteUnknown(features: EventFeatures, known: ReadonlySet<string>, unknown: Map<string, number>): void {
  for (const name of Object.keys(features)) {
    if (!known.has(name) && features[name] !== undefined) noteName(unknown, name.slice(0, NAME_LENGTH_MAX), 1)
  }
}

function noteName(unknown: Map<string, number>, name: string, events: number): void {
  const before = unknown.get(name)
  if (before === undefined && unknown.size >= UNKNOWN_NAMES_MAX) return
  unknown.set(name, (before ?? 0) + events)
}
