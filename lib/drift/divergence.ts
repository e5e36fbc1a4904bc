/**
 * Distances between two count vectors over the same cells. p is the reference, q the current window; natural logarithm
 * unless a name says base 2. PSI and KL need every share positive and therefore take a smoothing; the others are
 * finite on raw shares and are never smoothed.
 */

export type Counts = readonly number[] | Float64Array

/**
 * 'jeffreys': +½ per cell over the cells that are not empty on both sides, renormalised.
 * 'none': raw shares; PSI and KL may then be infinite.
 */
export type Smoothing = 'jeffreys' | 'none'

export type Shares = { reference: Float64Array; current: Float64Array }

/**
 * Population stability index Σ(p−q)·ln(p/q) and its part per cell. The parts, added in order, give exactly `value`.
 * `Infinity` marks a cell that is empty on one side under 'none'. Null when a side has no rows.
 */
export function psi(
  reference: Counts,
  current: Counts,
  smoothing: Smoothing,
): { value: number; contributions: number[] } | null {
  const shares = smoothedShares(reference, current, smoothing)
  if (shares === null) return null
  const contributions: number[] = []
  let value = 0
  for (let i = 0; i < shares.reference.length; i++) {
    const p = shares.reference[i] ?? 0
    const q = shares.current[i] ?? 0
    // Equal shares (also 0 and 0) contribute exactly 0; a share of 0 against a positive one is infinite.
    const part = p === q ? 0 : p === 0 || q === 0 ? Infinity : (p - q) * Math.log(p / q)
    contributions.push(part)
    value += part
  }
  return { value, contributions }
}

/** Kullback–Leibler divergence Σ p·ln(p/q) in nats, of `from` relative to `to`. Null when a side has no rows. */
export function klDivergence(from: Counts, to: Counts, smoothing: Smoothing): number | null {
  const shares = smoothedShares(from, to, smoothing)
  if (shares === null) return null
  // Rounding can leave a sum of about −1e-17 for equal distributions, a divergence is never negative.
  return Math.max(0, klOfShares(shares.reference, shares.current))
}

/** Jensen–Shannon distance: the square root of the divergence, in nats (base e). At most √ln 2. */
export function jsDistance(reference: Counts, current: Counts): number | null {
  const shares = smoothedShares(reference, current, 'none')
  if (shares === null) return null
  const middle = shares.reference.map((p, i) => (p + (shares.current[i] ?? 0)) / 2)
  const divergence = (klOfShares(shares.reference, middle) + klOfShares(shares.current, middle)) / 2
  return Math.sqrt(Math.min(Math.max(divergence, 0), Math.LN2))
}

/** Jensen–Shannon distance with base 2 logarithms: between 0 and 1. */
export function jsDistanceBase2(reference: Counts, current: Counts): number | null {
  const distance = jsDistance(reference, current)
  return distance === null ? null : Math.min(1, distance / Math.sqrt(Math.LN2))
}

/** Hellinger distance √(½Σ(√p−√q)²): between 0 and 1. */
export function hellinger(reference: Counts, current: Counts): number | null {
  const sum = sumOver(reference, current, (p, q) => (Math.sqrt(p) - Math.sqrt(q)) ** 2)
  return sum === null ? null : Math.min(1, Math.sqrt(sum / 2))
}

/** Total variation ½Σ|p−q|: between 0 and 1. */
export function totalVariation(reference: Counts, current: Counts): number | null {
  const sum = sumOver(reference, current, (p, q) => Math.abs(p - q))
  return sum === null ? null : Math.min(1, sum / 2)
}

/** The largest difference of shares, max|p−q|. */
export function lInfinity(reference: Counts, current: Counts): number | null {
  const shares = smoothedShares(reference, current, 'none')
  if (shares === null) return null
  let largest = 0
  for (let i = 0; i < shares.reference.length; i++) {
    largest = Math.max(largest, Math.abs((shares.reference[i] ?? 0) - (shares.current[i] ?? 0)))
  }
  return largest
}

/** Shares of both sides after smoothing; null when a side has no rows. Throws `RangeError` on unequal lengths. */
export function smoothedShares(reference: Counts, current: Counts, smoothing: Smoothing): Shares | null {
  if (reference.length !== current.length) {
    throw new RangeError(`reference has ${reference.length} cells, current has ${current.length}: they must match`)
  }
  const n = total(reference)
  const m = total(current)
  if (n === 0 || m === 0) return null
  const add = smoothing === 'jeffreys' ? 0.5 : 0
  const extra = add * unionCells(reference, current)
  const share = (counts: Counts, sum: number) => {
    const shares = new Float64Array(counts.length)
    for (let i = 0; i < shares.length; i++) {
      const filled = (reference[i] ?? 0) + (current[i] ?? 0) > 0
      shares[i] = filled ? ((counts[i] ?? 0) + add) / (sum + extra) : 0
    }
    return shares
  }
  return { reference: share(reference, n), current: share(current, m) }
}

/** B: the number of cells that are not empty on both sides. */
export function unionCells(reference: Counts, current: Counts): number {
  let cells = 0
  for (let i = 0; i < reference.length; i++) if ((reference[i] ?? 0) + (current[i] ?? 0) > 0) cells++
  return cells
}

/** The sum of a count vector. */
export function total(counts: Counts): number {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}

function klOfShares(p: Float64Array, q: Float64Array): number {
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    const a = p[i] ?? 0
    const b = q[i] ?? 0
    if (a > 0) sum += b === 0 ? Infinity : a * Math.log(a / b)
  }
  return sum
}

function sumOver(reference: Counts, current: Counts, term: (p: number, q: number) => number): number | null {
  const shares = smoothedShares(reference, current, 'none')
  if (shares === null) return null
  let sum = 0
  for (let i = 0; i < shares.reference.length; i++) sum += term(shares.reference[i] ?? 0, shares.current[i] ?? 0)
  return sum
}
