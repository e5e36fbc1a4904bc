import { z } from 'zod'

/**
 * A mergeable, log-scaled histogram of latencies in milliseconds, in the layout of the OpenTelemetry exponential
 * histogram (OpenTelemetry metrics data model, "ExponentialHistogram"): with base = 2^(2^-scale), bucket i holds the
 * values in (base^i, base^(i+1)]. At scale 6 the midpoint of a bucket is within 0.55 % of every value in it (the
 * relative-error guarantee of Masson, Rim & Lee 2019, "DDSketch").
 *
 * Bounded: values up to 2^-10 ms (about 1 µs) are counted in `zeroCount`, values above 2^24 ms (about 4.7 h) in one last
 * bucket that is open above. The limits are fixed and lie on bucket borders of every scale, so collapsing happens at
 * recording and never at merging: merging stays exact, commutative and associative. 34 doublings of 64 buckets and the
 * last one are 2,177 buckets at most.
 */
export type Histogram = {
  /** 0 (buckets of a factor 2) to 6 (1.09 %). Coarser sources keep their scale; merging goes to the coarser one. */
  scale: number
  zeroCount: number
  /** Count by bucket index; absent buckets are empty. */
  counts: Record<string, number>
}

/** An interval of milliseconds in which a value lies; `hi` is null when nothing bounds it from above. */
export type LatencyBounds = { loMs: number; hiMs: number | null }

export const finestScale = 6
const lowestExponent = -10
const highestExponent = 24

const indexPattern = /^(0|-?[1-9]\d{0,3})$/

export const histogramSchema = z
  .strictObject({
    scale: z.int().min(0).max(finestScale),
    zeroCount: z.int().min(0),
    counts: z.record(z.string().regex(indexPattern), z.int().min(1)),
  })
  .refine(({ scale, counts }) => Object.keys(counts).every((key) => isIndexInRange(Number(key), scale)), {
    message: `a bucket lies outside of 2^${lowestExponent} ms to 2^${highestExponent} ms`,
    path: ['counts'],
  })
  .refine((histogram) => Number.isSafeInteger(totalCount(histogram)), {
    message: 'the counts add up to more than can be counted exactly',
    path: ['counts'],
  })

/** A histogram without samples. `scale` is below `finestScale` only for sources that are coarser. */
export function emptyHistogram(scale: number = finestScale): Histogram {
  if (!Number.isInteger(scale) || scale < 0 || scale > finestScale) {
    throw new RangeError(`histogram scale must be an integer from 0 to ${finestScale}, not ${scale}`)
  }
  return { scale, zeroCount: 0, counts: {} }
}

/**
 * Adds `count` samples of `latencyMs` in place (recording is on the ingest path) and returns the same histogram.
 * Throws RangeError for a negative or non-finite latency and for a count that is not a positive integer.
 */
export function record(histogram: Histogram, latencyMs: number, count = 1): Histogram {
  if (!Number.isFinite(latencyMs) || latencyMs < 0) {
    throw new RangeError(`latencyMs must be a finite number >= 0, not ${latencyMs}`)
  }
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`count must be a positive integer, not ${count}`)
  if (latencyMs <= 2 ** lowestExponent) {
    histogram.zeroCount += count
    return histogram
  }
  const key = String(bucketIndex(latencyMs, histogram.scale))
  histogram.counts[key] = (histogram.counts[key] ?? 0) + count
  return histogram
}

/** The histogram of both sets of samples, at the coarser of the two scales. Exact on counts; changes neither argument. */
export function merge(left: Histogram, right: Histogram): Histogram {
  const scale = Math.min(left.scale, right.scale)
  const merged = emptyHistogram(scale)
  merged.zeroCount = left.zeroCount + right.zeroCount
  for (const part of [left, right]) {
    const shift = part.scale - scale
    for (const [key, count] of Object.entries(part.counts)) {
      // An arithmetic shift halves towards minus infinity, which is how two neighbours fall into one wider bucket.
      const wider = String(Number(key) >> shift)
      merged.counts[wider] = (merged.counts[wider] ?? 0) + count
    }
  }
  return merged
}

/** Number of samples. */
export function totalCount(histogram: Histogram): number {
  return Object.values(histogram.counts).reduce((sum, count) => sum + count, histogram.zeroCount)
}

/**
 * The q-quantile in ms (inverse of the empirical distribution: the ceil(q·n)-th smallest sample), as the midpoint of its
 * bucket; 0 for samples below 2^-10 ms and the lower border for the last, open bucket. Null without samples.
 * Throws RangeError unless 0 <= q <= 1.
 */
export function quantile(histogram: Histogram, q: number): number | null {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile must be between 0 and 1, not ${q}`)
  const n = totalCount(histogram)
  if (n === 0) return null
  const { loMs, hiMs } = orderStatistic(histogram, Math.max(1, Math.ceil(q * n)))
  if (loMs === 0) return 0
  // The harmonic midpoint makes the relative error equal at both borders: (base-1)/(base+1).
  return hiMs === null ? loMs : (2 * loMs * hiMs) / (loMs + hiMs)
}

/**
 * Bounds in ms of the rank-th smallest sample (rank from 1 to n): the borders of its bucket.
 * Throws RangeError for another rank.
 */
export function orderStatistic(histogram: Histogram, rank: number): LatencyBounds {
  if (!Number.isSafeInteger(rank) || rank < 1) throw new RangeError(`rank must be a positive integer, not ${rank}`)
  let seen = histogram.zeroCount
  if (rank <= seen) return { loMs: 0, hiMs: 2 ** lowestExponent }
  for (const [index, count] of sortedBuckets(histogram)) {
    seen += count
    if (rank <= seen) return bucketBounds(index, histogram.scale)
  }
  throw new RangeError(`rank ${rank} is beyond the ${seen} samples of the histogram`)
}

/**
 * How many samples are at most `latencyMs`: a lower and an upper bound, because the samples of the bucket in which
 * `latencyMs` lies may be on either side of it. Equal at bucket borders.
 */
export function countAtMost(histogram: Histogram, latencyMs: number): { lower: number; upper: number } {
  if (Number.isNaN(latencyMs) || latencyMs < 0) return { lower: 0, upper: 0 }
  const zeroBorder = 2 ** lowestExponent
  let lower = latencyMs >= zeroBorder ? histogram.zeroCount : 0
  let upper = histogram.zeroCount
  for (const [index, count] of sortedBuckets(histogram)) {
    const { loMs, hiMs } = bucketBounds(index, histogram.scale)
    if (loMs >= latencyMs) break
    upper += count
    if (hiMs !== null && hiMs <= latencyMs) lower += count
  }
  return { lower, upper }
}

/** Parses a histogram from its JSON text. Throws SyntaxError for text that is not JSON, ZodError for another shape. */
export function parseHistogram(text: string): Histogram {
  return histogramSchema.parse(JSON.parse(text))
}

/** The JSON text of a histogram: equal histograms have equal text, whatever the order in which they were recorded. */
export function formatHistogram(histogram: Histogram): string {
  const { scale, zeroCount } = histogram
  const counts = sortedBuckets(histogram).map(([index, count]) => `"${index}":${count}`)
  return `{"scale":${scale},"zeroCount":${zeroCount},"counts":{${counts.join(',')}}}`
}

function bucketIndex(latencyMs: number, scale: number): number {
  const perDoubling = 2 ** scale
  const last = highestExponent * perDoubling
  let index = Math.min(last, Math.ceil(Math.log2(latencyMs) * perDoubling) - 1)
  // log2 may be off by one rounding at a border: the borders, as bucketBounds computes them, decide.
  if (latencyMs <= 2 ** (index / perDoubling)) index -= 1
  else if (index < last && latencyMs > 2 ** ((index + 1) / perDoubling)) index += 1
  return index
}

function bucketBounds(index: number, scale: number): LatencyBounds {
  const perDoubling = 2 ** scale
  const loMs = 2 ** (index / perDoubling)
  return { loMs, hiMs: index >= highestExponent * perDoubling ? null : 2 ** ((index + 1) / perDoubling) }
}

function isIndexInRange(index: number, scale: number): boolean {
  return index >= lowestExponent * 2 ** scale && index <= highestExponent * 2 ** scale
}

function sortedBuckets(histogram: Histogram): [index: number, count: number][] {
  return Object.entries(histogram.counts)
    .map(([key, count]): [number, number] => [Number(key), count])
    .sort(([a], [b]) => a - b)
}
