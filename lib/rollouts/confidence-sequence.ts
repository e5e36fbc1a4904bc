import betaln from '@stdlib/math-base-special-betaln'
import { orderStatistic, totalCount } from '#lib/telemetry/histogram.ts'
import type { Histogram } from '#lib/telemetry/histogram.ts'

/** k successes in n trials. */
export type Counts = { n: number; k: number }

/** Both ends included. */
export type Interval = [lo: number, hi: number]

/** An interval that nothing may bound from above: `hi` is then null, so that it survives JSON. */
export type HalfOpenInterval = [lo: number, hi: number | null]

// Jeffreys' mixing distribution, as in the reference figures of the design.
const a = 0.5
const b = 0.5
const lnBetaPrior = Math.log(Math.PI) // B(1/2, 1/2) = π

// Doubles between -745 (below which exp is 0) and 0 are apart by at least 2^-1074: 128 halvings reach the neighbours of
// every root that counts (the smallest |ln p| of interest is about 1e-11 at n = 1e9).
const bisectionsMax = 128
const lnSmallest = -745

/**
 * The beta-binomial confidence sequence for a proportion: all p with
 * B(a+k, b+n-k) / (B(a,b) · p^k · (1-p)^(n-k)) < 1/alpha, a = b = 1/2. With probability at least 1-alpha the true p is
 * inside at every n at once, so it may be looked at after every request (Ville's inequality on the mixture martingale:
 * Robbins 1970, "Statistical methods related to the law of the iterated logarithm"; Howard, Ramdas, McAuliffe & Sekhon
 * 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49(2); Lindon & Malek
 * 2022, "Anytime-valid inference for multinomial count data").
 *
 * The ends are the roots of the defining equation, found by bisection on ln p: stable for n up to 1e9, and [0, 1] for
 * n = 0. Throws RangeError for counts that are not integers with 0 <= k <= n <= 1e9, or alpha outside (0, 1).
 */
export function proportionInterval({ n, k }: Counts, alpha: number): Interval {
  assertCounts({ n, k })
  assertAlpha(alpha)
  if (n === 0) return [0, 1]
  const hi = -Math.expm1(lnLowerEnd(n, n - k, alpha)) // the mirror image: 1 - lower end of the failures
  return [Math.exp(lnLowerEnd(n, k, alpha)), hi]
}

/**
 * ln of the mixture's likelihood ratio against p, the statistic of the confidence sequence: p is inside while it is
 * below ln(1/alpha). Infinite where p is impossible for the counts.
 */
export function lnLikelihoodRatio({ n, k }: Counts, p: number): number {
  const successes = k === 0 ? 0 : k * Math.log(p)
  const failures = k === n ? 0 : (n - k) * Math.log1p(-p)
  return betaln(a + k, b + n - k) - lnBetaPrior - successes - failures
}

/**
 * The confidence sequence for the q-quantile of a latency in ms, by inverting the proportion's sequence over x: x is
 * inside unless the share of samples <= x says that F(x) < q, or the share < x says that it is > q (Howard & Ramdas
 * 2022, "Sequential estimation of quantiles with applications to A/B testing and best-arm identification", Bernoulli
 * 28(3); cf. Lindon, Sanden & Shirikian 2022, "Rapid regression detection in software deployments through sequential
 * testing", KDD). Valid with ties: breaking them at random gives a Bernoulli(q) count between the two. The ends are the
 * outer borders of the buckets of two order statistics, so a coarser histogram only widens the interval.
 * [0, null] as long as the samples exclude nothing.
 */
export function quantileInterval(histogram: Histogram, q: number, alpha: number): HalfOpenInterval {
  assertAlpha(alpha)
  if (!(q > 0 && q < 1)) throw new RangeError(`quantile must be between 0 and 1 (exclusive), not ${q}`)
  const n = totalCount(histogram)
  if (n === 0) return [0, null]
  const [fewest, most] = plausibleCounts(n, q, alpha)
  const lo = fewest === 0 ? 0 : orderStatistic(histogram, fewest).loMs
  const hi = most === n ? null : orderStatistic(histogram, most + 1).hiMs
  return [lo, hi]
}

/** The fewest and the most successes in n trials whose interval still contains p. */
function plausibleCounts(n: number, p: number, alpha: number): [fewest: number, most: number] {
  const limit = -Math.log(alpha)
  const isPlausible = (k: number): boolean => lnLikelihoodRatio({ n, k }, p) < limit
  // The statistic is convex in k (B is log-convex), lowest beside n·p; one of its neighbours is always plausible.
  const centre = isPlausible(Math.floor(n * p)) ? Math.floor(n * p) : Math.min(n, Math.ceil(n * p))
  return [boundary(centre, 0, isPlausible), boundary(centre, n, isPlausible)]
}

/** The last integer from `inside` towards `end` for which the predicate holds, given that it fails from there on. */
function boundary(inside: number, end: number, holds: (k: number) => boolean): number {
  if (holds(end)) return end
  let good = inside
  let bad = end
  for (let i = 0; i < 64 && Math.abs(good - bad) > 1; i += 1) {
    const middle = Math.floor((good + bad) / 2)
    if (holds(middle)) good = middle
    else bad = middle
  }
  return good
}

/**
 * ln of the interval's lower end. In u = ln p the equation is k·(ln p̂ - u) + (n-k)·(ln(1-p̂) - ln(1-e^u)) = excess: its
 * left side falls from infinity to 0 at p̂ and subtracts nearly equal logarithms before multiplying by n, so that their
 * rounding stays small against the limit.
 */
function lnLowerEnd(n: number, k: number, alpha: number): number {
  if (k === 0) return -Infinity
  const excess = -Math.log(alpha) - lnRatioAtEstimate(n, k)
  if (k === n) return -excess / n
  const lnEstimate = Math.log(k / n)
  const lnComplement = Math.log1p(-k / n)
  let below = lnSmallest
  let above = lnEstimate
  for (let i = 0; i < bisectionsMax; i += 1) {
    const u = (below + above) / 2
    if (u <= below || u >= above) break
    const lnOneMinus = u > -Math.LN2 ? Math.log(-Math.expm1(u)) : Math.log1p(-Math.exp(u))
    if (k * (lnEstimate - u) + (n - k) * (lnComplement - lnOneMinus) >= excess) below = u
    else above = u
  }
  return below
}

/** The statistic at p̂ = k/n, its minimum over p: close to ln(2/(π·n))/2, hence below 0 and always inside. */
function lnRatioAtEstimate(n: number, k: number): number {
  const entropy = (k === 0 ? 0 : -k * Math.log(k / n)) + (k === n ? 0 : -(n - k) * Math.log1p(-k / n))
  return betaln(a + k, b + n - k) - lnBetaPrior + entropy
}

function assertCounts({ n, k }: Counts): void {
  if (!Number.isInteger(n) || !Number.isInteger(k) || k < 0 || k > n || n > 1e9) {
    throw new RangeError(`counts must be integers with 0 <= k <= n <= 1e9, not k=${k}, n=${n}`)
  }
}

function assertAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha must be between 0 and 1 (exclusive), not ${alpha}`)
}
