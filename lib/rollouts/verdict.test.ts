import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyHistogram, record } from '#lib/telemetry/histogram.ts'
import type { Histogram } from '#lib/telemetry/histogram.ts'
import { proportionInterval } from './confidence-sequence.ts'
import { alphaShare, judgeProportion, judgeQuantile } from './verdict.ts'

const counts = fc
  .integer({ min: 1, max: 100_000 })
  .chain((n) => fc.record({ n: fc.constant(n), k: fc.integer({ min: 0, max: n }) }))

/** Uniform on [1, 100] times the factor: its 0.95-quantile is 95 times the factor. */
function uniformHistogram(factor: number, n = 4000): Histogram {
  const histogram = emptyHistogram()
  for (let i = 0; i < n; i += 1) record(histogram, factor * (1 + (i % 100)))
  return histogram
}

describe('judgeProportion', () => {
  const base = { notWorseThan: { by: 0.01 }, alpha: 0.05, better: 'lower' } as const

  it.each([
    ['pass', { n: 40_000, k: 200 }, { n: 20_000, k: 100 }],
    ['fail', { n: 40_000, k: 200 }, { n: 2_000, k: 200 }],
    ['continue', { n: 40_000, k: 200 }, { n: 500, k: 3 }],
    ['noData', { n: 40_000, k: 200 }, { n: 0, k: 0 }],
    ['noData', { n: 0, k: 0 }, { n: 40_000, k: 0 }],
  ])('answers %s for stable %j and candidate %j', (verdict, stable, candidate) => {
    expect(judgeProportion({ ...base, stable, candidate }).verdict).toBe(verdict)
  })

  it('gives each side half of alpha and subtracts the far ends', () => {
    const [stable, candidate] = [
      { n: 950, k: 5 },
      { n: 50, k: 1 },
    ]
    const judged = judgeProportion({ ...base, stable, candidate })
    expect(judged.stable).toEqual(proportionInterval(stable, 0.025))
    expect(judged.candidate).toEqual(proportionInterval(candidate, 0.025))
    expect(judged.difference).toEqual([judged.candidate[0] - judged.stable[1], judged.candidate[1] - judged.stable[0]])
  })

  it('says the same of successes that it says of errors', () => {
    fc.assert(
      fc.property(counts, counts, fc.double({ min: 0, max: 0.2, noNaN: true }), (stable, candidate, by) => {
        const ok = ({ n, k }: { n: number; k: number }): { n: number; k: number } => ({ n, k: n - k })
        const errors = judgeProportion({ stable, candidate, notWorseThan: { by }, alpha: 0.05, better: 'lower' })
        const flipped = { stable: ok(stable), candidate: ok(candidate) }
        const successes = judgeProportion({ ...flipped, notWorseThan: { by }, alpha: 0.05, better: 'higher' })
        expect(successes.difference[0]).toBeCloseTo(-errors.difference[1], 9)
        expect(successes.difference[1]).toBeCloseTo(-errors.difference[0], 9)
        if (Math.min(...errors.difference.map((end) => Math.abs(end - by))) > 1e-9) {
          expect(successes.verdict).toBe(errors.verdict)
        }
      }),
    )
  })

  it('never fails a candidate with the very counts of stable, nor passes without samples', () => {
    fc.assert(
      fc.property(counts, (same) => {
        expect(judgeProportion({ ...base, stable: same, candidate: same }).verdict).not.toBe('fail')
        expect(judgeProportion({ ...base, stable: { n: 0, k: 0 }, candidate: same }).verdict).toBe('noData')
      }),
    )
  })

  it('judges an absolute limit on the candidate alone, at the whole alpha', () => {
    const input = { stable: { n: 10, k: 9 }, alpha: 0.05, better: 'higher' } as const
    const good = judgeProportion({ ...input, candidate: { n: 10_000, k: 9500 }, atLeast: 0.9 })
    expect(good.verdict).toBe('pass')
    expect(good.candidate).toEqual(proportionInterval({ n: 10_000, k: 9500 }, 0.05))
    expect(judgeProportion({ ...input, candidate: { n: 10_000, k: 8500 }, atLeast: 0.9 }).verdict).toBe('fail')
    expect(judgeProportion({ ...input, candidate: { n: 100, k: 91 }, atLeast: 0.9 }).verdict).toBe('continue')
    expect(judgeProportion({ ...input, candidate: { n: 100, k: 91 }, atMost: 0.5 }).verdict).toBe('fail')
    expect(judgeProportion({ ...input, candidate: { n: 100, k: 1 }, atMost: 0.5 }).verdict).toBe('pass')
  })

  it('keeps false alarms at any look below alpha (fixed seed, equal rates, zero margin)', () => {
    let seed = 7
    const random = (): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0 // the C standard's example generator, modulus 2^32
      return (seed >>> 8) / 2 ** 24
    }
    const draw = (n: number): number => Array.from({ length: n }, random).filter((u) => u < 0.05).length
    let alarms = 0
    for (let run = 0; run < 200; run += 1) {
      const [stable, candidate] = [
        { n: 0, k: 0 },
        { n: 0, k: 0 },
      ]
      for (let look = 0; look < 25; look += 1) {
        stable.n += 40
        stable.k += draw(40)
        candidate.n += 10
        candidate.k += draw(10)
        const judged = judgeProportion({ stable, candidate, notWorseThan: { by: 0 }, alpha: 0.1, better: 'lower' })
        if (judged.verdict === 'fail') {
          alarms += 1
          break
        }
      }
    }
    expect(alarms / 200).toBeLessThanOrEqual(0.1)
  })
})

describe('judgeQuantile', () => {
  const base = { stable: uniformHistogram(1), quantile: 0.95, alpha: 0.05, better: 'lower' } as const

  it.each([
    ['pass', 1, { ratio: 1.3 }],
    ['fail', 1.6, { ratio: 1.3 }],
    ['continue', 1.28, { ratio: 1.3 }],
    ['pass', 1, { by: 20 }],
    ['fail', 1.6, { by: 20 }],
    ['continue', 1.2, { by: 20 }],
  ])('answers %s for a candidate %s times as slow within %j', (verdict, factor, notWorseThan) => {
    expect(judgeQuantile({ ...base, candidate: uniformHistogram(factor), notWorseThan }).verdict).toBe(verdict)
  })

  it('shows the ratio or the difference of the far ends', () => {
    const ratio = judgeQuantile({ ...base, candidate: uniformHistogram(2), notWorseThan: { ratio: 1.2 } })
    expect(ratio.difference).toEqual([ratio.candidate[0] / ratio.stable[1]!, ratio.candidate[1]! / ratio.stable[0]])
    const absolute = judgeQuantile({ ...base, candidate: uniformHistogram(2), notWorseThan: { by: 5 } })
    expect(absolute.difference).toEqual([
      absolute.candidate[0] - absolute.stable[1]!,
      absolute.candidate[1]! - absolute.stable[0],
    ])
  })

  it('is unbounded, hence open, while a side has too few samples for its quantile', () => {
    const judged = judgeQuantile({ ...base, candidate: uniformHistogram(1, 10), notWorseThan: { ratio: 1.2 } })
    expect(judged).toMatchObject({ verdict: 'continue', candidate: [expect.any(Number), null] })
    expect(judged.difference[1]).toBeNull()
    expect(JSON.parse(JSON.stringify(judged))).toEqual(judged)
  })

  it('judges an absolute limit, and answers noData for an empty side', () => {
    expect(judgeQuantile({ ...base, candidate: uniformHistogram(1), atMost: 200 }).verdict).toBe('pass')
    expect(judgeQuantile({ ...base, candidate: uniformHistogram(3), atMost: 200 }).verdict).toBe('fail')
    expect(judgeQuantile({ ...base, candidate: emptyHistogram(), atMost: 200 }).verdict).toBe('noData')
  })
})

describe('alphaShare', () => {
  it('divides over metrics and judged steps', () => {
    expect(alphaShare(0.05, 5, 2)).toBeCloseTo(0.005, 15)
  })

  it.each([
    [0, 1, 1, 'alpha must be between 0 and 1 (exclusive), not 0'],
    [0.05, 0, 1, 'metrics must be a positive integer, not 0'],
    [0.05, 1, 1.5, 'judgedSteps must be a positive integer, not 1.5'],
  ])('refuses alpha %s over %s metrics and %s steps', (alpha, metrics, steps, message) => {
    expect(() => alphaShare(alpha, metrics, steps)).toThrow(message)
  })
})
