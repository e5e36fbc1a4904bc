import type { LikelyCause } from './cause.ts'
import type { FeatureProfile } from './cells.ts'
import { type Counts, total } from './divergence.ts'

/** current = reference × factor + offset */
type Map1 = { name: string; factor: number; offset: number }

const ratio = (name: string, factor: number): Map1[] => [
  { name, factor, offset: 0 },
  { name: `${name}, the other way round`, factor: 1 / factor, offset: 0 },
]

/** Exact by definition (international yard and pound 1959, SI) unless they are plain multiples. */
const UNIT_CHANGES: readonly Map1[] = [
  ...ratio('kilometres instead of miles', 1.609344),
  ...ratio('kilometres instead of nautical miles', 1.852),
  ...ratio('statute instead of nautical miles', 1.852 / 1.609344),
  ...ratio('feet instead of metres', 1 / 0.3048),
  ...ratio('centimetres instead of inches', 2.54),
  ...ratio('pounds instead of kilograms', 1 / 0.45359237),
  ...ratio('litres instead of US gallons', 3.785411784),
  ...ratio('kilometres an hour instead of metres a second', 3.6),
  ...ratio('minutes instead of hours, or seconds instead of minutes', 60),
  ...ratio('hours instead of days', 24),
  ...ratio('percent instead of fractions', 100),
  ...ratio('thousandths instead of units', 1000),
  { name: 'degrees Fahrenheit instead of Celsius', factor: 1.8, offset: 32 },
  { name: 'degrees Celsius instead of Fahrenheit', factor: 1 / 1.8, offset: -32 / 1.8 },
  { name: 'the opposite sign', factor: -1, offset: 0 },
]

const ROWS_MIN = 100
const POINTS_MIN = 4
/** The compared points must cover this much of the distribution, or nearly any factor would fit. */
const SPAN_MIN = 0.3
/** Error of interpolating linearly inside decile cells, on top of the sampling error. */
const INTERPOLATION_ERROR = 0.02
/** The explanation must fit this many times better than "nothing changed". */
const IMPROVEMENT_MIN = 4

/**
 * Says whether the current distribution looks like the reference multiplied by a well-known unit factor, or else by
 * some other constant. Both distribution functions are known at the edges and interpolated between them: if
 * current = reference·f + b, then F_current(e) = F_reference((e−b)/f) at every edge within reach. Null when no factor
 * fits clearly better than none. A hint, not a proof: another change can leave the same counts.
 */
export function likelyScale(feature: FeatureProfile, current: Counts): LikelyCause | null {
  if (feature.kind !== 'numeric' || feature.edges.length < POINTS_MIN) return null
  const cells = feature.edges.length + 1
  const before = distribution(feature.counts.slice(0, cells), feature.edges)
  const now = distribution(Array.from(current).slice(0, cells), feature.edges)
  if (before.rows < ROWS_MIN || now.rows < ROWS_MIN) return null
  // 1.36·√(1/N+1/M) is the 5 % critical value of the Kolmogorov–Smirnov distance.
  const tolerance = INTERPOLATION_ERROR + 1.36 * Math.sqrt(1 / before.rows + 1 / now.rows)
  const unchanged = mismatch(before, now, { name: '', factor: 1, offset: 0 }, 1)
  if (unchanged === null || unchanged <= tolerance) return null
  const limit = Math.min(tolerance, unchanged / IMPROVEMENT_MIN)
  const found = best(before, now, UNIT_CHANGES, limit) ?? best(before, now, FREE_FACTORS, limit)
  if (found === null) return null
  const { factor, offset, name } = found.map
  const shift = offset === 0 ? '' : ` ${offset > 0 ? '+' : '−'} ${Number(Math.abs(offset).toPrecision(4))}`
  // A factor found by search is known to a few per cent only.
  const size = name === '' ? `× about ${Number(factor.toPrecision(2))}` : `× ${Number(factor.toPrecision(4))}${shift}`
  return {
    kind: 'scale',
    text: `the values look like the reference ${size}: ${name === '' ? 'likely a change of scale' : `likely ${name}`}`,
    evidence: { factor, offset, mismatch: found.mismatch, mismatchUnchanged: unchanged, tolerance },
  }
}

/** 1 % steps from 1/20 to 20, leaving out what is too near to 1 to tell from an ordinary shift. */
const FREE_FACTORS: readonly Map1[] = Array.from({ length: 603 }, (_, i) => 1.01 ** (i - 301))
  .filter((factor) => Math.abs(Math.log(factor)) > 0.05)
  .map((factor) => ({ name: '', factor, offset: 0 }))

type Distribution = { rows: number; edges: readonly number[]; below: number[] }

function distribution(counts: readonly number[], edges: readonly number[]): Distribution {
  const rows = total(counts)
  let sum = 0
  const below = edges.map((_, i) => {
    sum += counts[i] ?? 0
    return rows === 0 ? 0 : sum / rows
  })
  return { rows, edges, below }
}

/** F(x) by linear interpolation, or null outside the outer edges, where nothing is known. */
function valueAt(d: Distribution, x: number): number | null {
  const right = d.edges.findIndex((e) => e >= x)
  if (right < 0) return null
  const upper = d.edges[right] ?? x
  if (upper === x) return d.below[right] ?? 0
  if (right === 0) return null
  const lower = d.edges[right - 1] ?? x
  const from = d.below[right - 1] ?? 0
  return from + (((d.below[right] ?? 0) - from) * (x - lower)) / (upper - lower)
}

/**
 * The largest gap between the two distribution functions under the map; null when it passes the limit, or when too
 * little can be compared.
 */
function mismatch(before: Distribution, now: Distribution, map: Map1, limit: number): number | null {
  const shares: number[] = []
  let gap = 0
  const compare = (a: number | null, b: number | null) => {
    if (a === null || b === null) return
    // A negative factor turns the distribution round: F becomes 1 − F.
    const expected = map.factor < 0 ? 1 - a : a
    shares.push(expected)
    gap = Math.max(gap, Math.abs(expected - b))
  }
  for (const [i, edge] of now.edges.entries()) {
    compare(valueAt(before, (edge - map.offset) / map.factor), now.below[i] ?? 0)
    compare(before.below[i] ?? 0, valueAt(now, edge * map.factor + map.offset))
    if (gap > limit) return null
  }
  if (shares.length < POINTS_MIN || Math.max(...shares) - Math.min(...shares) < SPAN_MIN) return null
  return gap
}

/** The map with the smallest gap within the limit. */
function best(
  before: Distribution,
  now: Distribution,
  maps: readonly Map1[],
  limit: number,
): { map: Map1; mismatch: number } | null {
  let found: { map: Map1; mismatch: number } | null = null
  for (const map of maps) {
    const gap = mismatch(before, now, map, found?.mismatch ?? limit)
    if (gap !== null && (found === null || gap < found.mismatch)) found = { map, mismatch: gap }
  }
  return found
}
