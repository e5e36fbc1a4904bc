import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf, buckets, schedule, versionOfBucket } from './choose.ts'

/** 2 to 8 whole percents that sum to 100: the gaps between sorted cuts. */
const weightLists = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 7 }).map((cuts) => {
  const ends = [0, ...cuts.sort((a, b) => a - b), 100]
  return ends.slice(1).map((end, i) => ({ versionId: `v${i}`, percent: end - ends[i]! }))
})

describe('schedule', () => {
  it('splits any 10,000 requests exactly, and no prefix deviates by more than one request', () => {
    fc.assert(
      fc.property(weightLists, (weights) => {
        const order = schedule(weights)
        const counts = new Map<string, number>()
        for (let t = 1; t <= 10_000; t++) {
          const served = order[(t - 1) % order.length]!
          counts.set(served, (counts.get(served) ?? 0) + 1)
          for (const w of weights) {
            const deviation = Math.abs((counts.get(w.versionId) ?? 0) - (w.percent * t) / 100)
            if (deviation > 1) throw new Error(`${w.versionId} deviates by ${deviation} after ${t}`)
          }
        }
        for (const w of weights) expect(counts.get(w.versionId) ?? 0).toBe(w.percent * 100)
      }),
      { numRuns: 200 },
    )
  })

  it('spreads a small weight instead of bunching it', () => {
    const order = schedule([
      { versionId: 'stable', percent: 95 },
      { versionId: 'candidate', percent: 5 },
    ])
    const at = order.flatMap((v, i) => (v === 'candidate' ? [i] : []))
    expect(at.slice(1).map((position, i) => position - at[i]!)).toEqual([20, 20, 20, 20])
  })
})

describe('buckets', () => {
  it('gives a key the same bucket every time, and another one at another endpoint', () => {
    expect(bucketOf('flights', 'user-1')).toBe(bucketOf('flights', 'user-1'))
    expect(bucketOf('flights', 'user-1')).not.toBe(bucketOf('hotels', 'user-1'))
  })

  it('agrees with SHA-256 of endpoint, NUL and key (vector made with coreutils)', () => {
    // printf 'flights\0user-1' | sha256sum | cut -c1-12, read as hexadecimal, modulo 10000
    expect(bucketOf('flights', 'user-1')).toBe(9714)
  })

  it('owns exactly percent·100 buckets a version', () => {
    fc.assert(
      fc.property(weightLists, fc.constantFrom(undefined, 'v0', 'v1'), (weights, stable) => {
        const counts = new Map<string, number>()
        for (let b = 0; b < buckets; b += 50) {
          const owner = versionOfBucket(weights, stable, b)
          counts.set(owner, (counts.get(owner) ?? 0) + 50)
        }
        for (const w of weights) expect(counts.get(w.versionId) ?? 0).toBe(w.percent * 100)
      }),
    )
  })

  it('never takes a key away from the candidate when its weight rises', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(buckets - 1), (a, b, bucket) => {
        const split = (percent: number) => [
          { versionId: 'stable', percent: 100 - percent },
          { versionId: 'candidate', percent },
        ]
        const before = versionOfBucket(split(Math.min(a, b)), 'stable', bucket)
        const after = versionOfBucket(split(Math.max(a, b)), 'stable', bucket)
        if (before === 'candidate') expect(after).toBe('candidate')
      }),
    )
  })
})
