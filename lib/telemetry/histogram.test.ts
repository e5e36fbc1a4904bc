import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  countAtMost,
  emptyHistogram,
  finestScale,
  formatHistogram,
  histogramSchema,
  merge,
  orderStatistic,
  parseHistogram,
  quantile,
  record,
  totalCount,
} from './histogram.ts'
import type { Histogram } from './histogram.ts'

const latencies = fc.array(fc.double({ min: 0.001, max: 1.6e7, noNaN: true }), { maxLength: 60 })
const scales = fc.integer({ min: 0, max: finestScale })

function histogramOf(values: number[], scale = finestScale): Histogram {
  return values.reduce((histogram, value) => record(histogram, value), emptyHistogram(scale))
}

describe('record and quantile', () => {
  it('keeps every quantile within 1 % of the sample that holds it', () => {
    fc.assert(
      fc.property(
        latencies.filter((values) => values.length > 0),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1]!
          expect(Math.abs(quantile(histogramOf(values), q)! - exact)).toBeLessThanOrEqual(0.01 * exact)
        },
      ),
    )
  })

  it('puts a value on a border into the bucket below it, as OpenTelemetry does', () => {
    for (const exponent of [-9, -1, 0, 1, 10, 24]) {
      expect(orderStatistic(histogramOf([2 ** exponent]), 1).hiMs).toBe(2 ** exponent)
    }
    expect(histogramOf([1]).counts).toEqual({ '-1': 1 })
    expect(histogramOf([Math.SQRT2 * 1.0001], 1).counts).toEqual({ '1': 1 })
  })

  it('is right at every border, where the logarithm may be rounded either way', () => {
    for (let index = -10 * 64 + 1; index < 24 * 64; index += 1) {
      const border = 2 ** (index / 64)
      expect(record(emptyHistogram(), border).counts).toEqual({ [index - 1]: 1 })
      expect(record(emptyHistogram(), border * (1 + 4 * Number.EPSILON)).counts).toEqual({ [index]: 1 })
    }
  })

  it('collapses what is too small or too large to fixed ends', () => {
    const histogram = histogramOf([0, 2 ** -10, 2 ** 24 * 1.01, 1e300])
    expect(histogram).toEqual({ scale: 6, zeroCount: 2, counts: { [24 * 64]: 2 } })
    expect(quantile(histogram, 0.5)).toBe(0)
    expect(quantile(histogram, 1)).toBe(2 ** 24)
    expect(orderStatistic(histogram, 4)).toEqual({ loMs: 2 ** 24, hiMs: null })
  })

  it('has no quantile without samples', () => {
    expect(quantile(emptyHistogram(), 0.5)).toBeNull()
  })

  it.each([
    [-1, 1, 'latencyMs must be a finite number >= 0, not -1'],
    [NaN, 1, 'latencyMs must be a finite number >= 0, not NaN'],
    [Infinity, 1, 'latencyMs must be a finite number >= 0, not Infinity'],
    [1, 0, 'count must be a positive integer, not 0'],
    [1, 1.5, 'count must be a positive integer, not 1.5'],
  ])('refuses latency %s with count %s', (latencyMs, count, message) => {
    expect(() => record(emptyHistogram(), latencyMs, count)).toThrow(message)
  })

  it('refuses scales, ranks and quantiles that do not exist', () => {
    expect(() => emptyHistogram(7)).toThrow('histogram scale must be an integer from 0 to 6, not 7')
    expect(() => orderStatistic(histogramOf([1]), 2)).toThrow('rank 2 is beyond the 1 samples of the histogram')
    expect(() => quantile(emptyHistogram(), 1.1)).toThrow('quantile must be between 0 and 1, not 1.1')
  })
})

describe('merge', () => {
  it('equals recording all samples into one histogram of the coarser scale', () => {
    fc.assert(
      fc.property(latencies, latencies, scales, scales, (left, right, leftScale, rightScale) => {
        const merged = merge(histogramOf(left, leftScale), histogramOf(right, rightScale))
        // Indexes are divided by powers of two, so equal borders of two scales are equal doubles.
        expect(merged).toEqual(histogramOf([...left, ...right], Math.min(leftScale, rightScale)))
      }),
    )
  })

  it('is commutative and associative, and the empty histogram is neutral', () => {
    fc.assert(
      fc.property(latencies, latencies, latencies, scales, (x, y, z, scale) => {
        const [a, b, c] = [histogramOf(x), histogramOf(y, scale), histogramOf(z)]
        expect(merge(a, b)).toEqual(merge(b, a))
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)))
        expect(merge(a, emptyHistogram())).toEqual(a)
        expect(totalCount(merge(a, b))).toBe(x.length + y.length)
      }),
    )
  })
})

describe('countAtMost', () => {
  it('brackets the true count', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 2e7, noNaN: true }), scales, (values, x, scale) => {
        const { lower, upper } = countAtMost(histogramOf(values, scale), x)
        const exact = values.filter((value) => value <= x).length
        expect(lower).toBeLessThanOrEqual(exact)
        expect(upper).toBeGreaterThanOrEqual(exact)
      }),
    )
  })

  it('is exact at the borders of buckets', () => {
    const histogram = histogramOf([1, 2, 3, 4, 5])
    expect(countAtMost(histogram, 4)).toEqual({ lower: 4, upper: 4 })
    expect(countAtMost(histogram, 3)).toEqual({ lower: 2, upper: 3 })
    expect(countAtMost(histogram, -1)).toEqual({ lower: 0, upper: 0 })
  })
})

describe('JSON', () => {
  it('survives a round trip and does not depend on the order of recording', () => {
    fc.assert(
      fc.property(latencies, scales, (values, scale) => {
        const text = formatHistogram(histogramOf(values, scale))
        expect(parseHistogram(text)).toEqual(histogramOf(values, scale))
        expect(formatHistogram(histogramOf(values.toReversed(), scale))).toBe(text)
      }),
    )
  })

  it.each([
    { scale: 7, zeroCount: 0, counts: {} },
    { scale: 6, zeroCount: -1, counts: {} },
    { scale: 6, zeroCount: 0, counts: { '1.5': 1 } },
    { scale: 6, zeroCount: 0, counts: { '01': 1 } },
    { scale: 6, zeroCount: 0, counts: { '1': 0 } },
    { scale: 0, zeroCount: 0, counts: { '25': 1 } },
    { scale: 6, zeroCount: Number.MAX_SAFE_INTEGER, counts: { '1': 1 } },
    { scale: 6, zeroCount: 0, counts: {}, sum: 1 },
  ])('refuses %j', (value) => {
    expect(histogramSchema.safeParse(value).success).toBe(false)
  })
})
