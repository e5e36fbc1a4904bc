import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateScores, rankAuc, thresholdForShare } from './evaluate.ts'
import { chooseByHash, mixBits } from './sample.ts'

const rows = fc.array(fc.record({ score: fc.integer({ min: 0, max: 8 }), late: fc.boolean() }), { maxLength: 60 })
const scoresOf = (list: { score: number }[]) => Float64Array.from(list, (row) => row.score / 8)
const labelsOf = (list: { late: boolean }[]) => Uint8Array.from(list, (row) => (row.late ? 1 : 0))

describe('evaluateScores', () => {
  it('agrees with figures worked out by hand', () => {
    const result = evaluateScores(Float64Array.of(0.9, 0.6, 0.4, 0.1), Uint8Array.of(1, 0, 1, 0), 0.5)
    const logLoss = -(Math.log(0.9) + Math.log(0.4) + Math.log(0.4) + Math.log(0.9)) / 4
    expect(result).toMatchObject({
      n: 4,
      lateShare: 0.5,
      meanScore: 0.5,
      accuracy: 0.5,
      precision: 0.5,
      recall: 0.5,
      auc: 0.75,
    })
    expect(result.logLoss).toBeCloseTo(logLoss, 12)
  })

  it('has no figure where there is nothing to measure, and a finite loss for a certain error', () => {
    const none = evaluateScores(new Float64Array(0), new Uint8Array(0), 0.5)
    expect(none).toEqual({
      n: 0,
      lateShare: null,
      meanScore: null,
      accuracy: null,
      precision: null,
      recall: null,
      logLoss: null,
      auc: null,
    })
    expect(evaluateScores(Float64Array.of(0), Uint8Array.of(1), 0.5).logLoss).toBeCloseTo(-Math.log(1e-12), 9)
  })

  it('counts the pairs that are ordered rightly, ties one half', () => {
    fc.assert(
      fc.property(rows, (list) => {
        const late = list.filter((row) => row.late)
        const other = list.filter((row) => !row.late)
        const wins = late.flatMap((a) => other.map((b) => (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0)))
        // Doubled counts are whole numbers, so that the comparison is exact.
        const doubled = wins.reduce<number>((sum, win) => sum + 2 * win, 0)
        const expected = wins.length === 0 ? null : doubled / 2 / wins.length
        expect(rankAuc(scoresOf(list), labelsOf(list))).toBe(expected)
      }),
    )
  })
})

describe('thresholdForShare', () => {
  it('calls that share of distinct scores', () => {
    const scores = Float64Array.from({ length: 100 }, (_, i) => i / 100)
    expect(scores.filter((score) => score >= thresholdForShare(scores, 0.2))).toHaveLength(20)
  })
})

describe('chooseByHash', () => {
  it('chooses exactly so many places, ascending, always the same, and nested as the number grows', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.nat(1000), (count, countMax, salt) => {
        const chosen = [...chooseByHash(count, countMax, salt)]
        expect(chosen).toHaveLength(Math.min(count, countMax))
        expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b))
        expect([...chooseByHash(count, countMax, salt)]).toEqual(chosen)
        const more = new Set(chooseByHash(count, countMax + 7, salt))
        expect(chosen.every((place) => more.has(place))).toBe(true)
      }),
    )
  })

  it('hashes as MurmurHash3 finishes', () => {
    expect([0, 1, 0xffffffff].map(mixBits)).toEqual([0, 0x514e28b7, 0x81f16f39])
  })
})
