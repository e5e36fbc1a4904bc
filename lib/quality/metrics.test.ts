import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addQuality, emptyQuality, foldLabelled, outcomeText, scoreCells, type LabelledPrediction } from './fold.ts'
import { aucEstimate, hanleyMcNeilError, proportion, qualityMetrics } from './metrics.ts'

const names = {
  workspaceId: 'ws',
  endpointId: 'ep',
  versionId: 'mv',
  generation: 1,
  eventAtMs: 0,
  labelAtMs: 7_200_000,
}
const row = (score: number | null, label: string, prediction: string | null = null): LabelledPrediction => ({
  ...names,
  score,
  label,
  prediction,
})
const fold = (rows: readonly LabelledPrediction[]) => foldLabelled(rows)[0]?.counts ?? emptyQuality()

describe('foldLabelled', () => {
  it('counts the four kinds of answers', () => {
    const counts = fold([row(0.9, 'true'), row(0.8, 'false'), row(0.1, 'true'), row(0.2, 'false'), row(0.3, 'false')])
    expect(counts).toMatchObject({ labelled: 5, correct: 3, positives: 2, predictedPositives: 2, truePositives: 1 })
    expect(counts).toMatchObject({ scoreMicros: 2_300_000, delaySecondsSum: 5 * 7200 })
    expect(counts.brierMicros).toBe(10_000 + 640_000 + 810_000 + 40_000 + 90_000)
    // −ln 0.9 − ln 0.2 − ln 0.1 − ln 0.8 − ln 0.7
    expect(counts.logLossMicros / 1e6).toBeCloseTo(4.597203, 5)
  })

  it('leaves out what says nothing, and takes scores only where they are probabilities', () => {
    expect(foldLabelled([row(null, 'true'), row(1.5, 'true')])).toEqual([])
    const counts = fold([row(7, 'a', 'a'), row(0.4, 'a', 'b')])
    expect(counts).toMatchObject({ labelled: 2, correct: 1, positives: 0, scoreMicros: 0 })
    expect(qualityMetrics(counts)).toMatchObject({ auc: null, logLoss: null, brier: null, recall: null })
  })

  it('puts each day of event time in a row of its own, before 1970 too', () => {
    const days = [-1, 0, 86_399_999, 86_400_000].map((eventAtMs) => ({ ...row(0.9, 'true'), eventAtMs }))
    const facts = foldLabelled(days).map((fact) => [fact.windowAtMs, fact.counts.labelled])
    expect(Object.fromEntries(facts)).toEqual({ '-86400000': 1, '0': 2, '86400000': 1 })
  })

  it('adds up in any division', () => {
    const anyRow = fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), label: fc.boolean() })
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 60 }), fc.nat(60), (list, cut) => {
        const rows = list.map(({ score, label }) => row(score, String(label)))
        expect(addQuality(fold(rows.slice(0, cut)), fold(rows.slice(cut)))).toEqual(fold(rows))
      }),
    )
  })

  it('takes true and 1 for the same outcome, false and 0 as well', () => {
    expect([true, 1, '1', 'true', false, 0, 2, 'cat'].map(outcomeText)).toEqual(
      'true true true true false false 2 cat'.split(' '),
    )
  })
})

describe('qualityMetrics', () => {
  it('gives nothing for nothing, and never NaN', () => {
    expect(Object.values(qualityMetrics(emptyQuality()))).toEqual(Array.from({ length: 9 }, () => null))
    fc.assert(
      fc.property(
        fc.array(fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), label: fc.boolean() }), {
          maxLength: 20,
        }),
        (list) => {
          const metrics = qualityMetrics(fold(list.map(({ score, label }) => row(score, String(label)))))
          const text = JSON.stringify(metrics, (_, v: unknown) =>
            typeof v === 'number' && !Number.isFinite(v) ? 'bad' : v,
          )
          expect(text).not.toContain('bad')
        },
      ),
    )
  })

  // Agresti & Coull (1998): 95 % Wilson interval for 10 of 100 is 0.0552 to 0.1744.
  it('gives the interval of Wilson', () => {
    const { interval } = proportion(10, 100)!
    expect(interval![0]).toBeCloseTo(0.05523, 5)
    expect(interval![1]).toBeCloseTo(0.17437, 5)
    expect(proportion(0, 5)!.interval![0]).toBe(0)
    expect(proportion(5, 5)!.interval![1]).toBe(1)
    expect(proportion(0, 0)).toBeNull()
  })

  it('gives F1 with an interval around it', () => {
    const counts = {
      ...emptyQuality(),
      labelled: 100,
      correct: 80,
      positives: 40,
      predictedPositives: 40,
      truePositives: 30,
    }
    const { f1, precision, recall, accuracy } = qualityMetrics(counts)
    expect([f1!.value, precision!.value, recall!.value, accuracy!.value]).toEqual([0.75, 0.75, 0.75, 0.8])
    expect(f1!.interval![0]).toBeLessThan(0.75)
    expect(f1!.interval![1]).toBeGreaterThan(0.75)
  })

  it('gives the AUC of the ranks of the cells', () => {
    const cells = (at: Record<number, number>) => Array.from({ length: scoreCells }, (_, i) => at[i] ?? 0)
    expect(aucEstimate(cells({ 40: 10 }), cells({ 10: 10 }))!.value).toBe(1)
    expect(aucEstimate(cells({ 10: 10 }), cells({ 10: 30 }))!.value).toBe(0.5)
    expect(aucEstimate(cells({ 10: 1, 30: 1 }), cells({ 20: 1 }))!.value).toBe(0.5)
    expect(aucEstimate(cells({}), cells({ 20: 1 }))).toBeNull()
    const few = aucEstimate(cells({ 40: 5 }), cells({ 10: 5 }))!.interval!
    const many = aucEstimate(cells({ 40: 500 }), cells({ 10: 500 }))!.interval!
    expect(few[0]).toBeLessThan(many[0])
    expect(many[0]).toBeGreaterThan(0.99)
    // 10 of the positives beat 40 of the negatives, the other 40 beat all 50.
    expect(aucEstimate(cells({ 10: 10, 30: 40 }), cells({ 5: 40, 20: 10 }))!.value).toBeCloseTo(0.96, 12)
    // The example of the paper: an area of 0.893 of 51 abnormal and 58 normal images.
    expect(hanleyMcNeilError(0.893, 51, 58)).toBeCloseTo(0.0325, 4)
  })

  it('says by how much a model promises too much', () => {
    const counts = fold(Array.from({ length: 100 }, (_, i) => row(0.7, String(i < 50))))
    const { calibrationGap, logLoss } = qualityMetrics(counts)
    expect(calibrationGap!.value).toBeCloseTo(0.2, 6)
    expect(calibrationGap!.interval![0]).toBeGreaterThan(0.09)
    expect(logLoss!.value).toBeCloseTo(-(Math.log(0.7) + Math.log(0.3)) / 2, 6)
  })
})
