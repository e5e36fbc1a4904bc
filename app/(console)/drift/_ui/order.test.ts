import { describe, expect, it } from 'vitest'
import { ordered, thresholdsOf, weightOf, type Feature } from './order.ts'

const policy = {
  thresholds: { watch: 0.05, act: 0.1 },
  perFeature: { noisy: { watch: 0.2 }, key: { act: 0.08 } },
} as unknown as Parameters<typeof ordered>[0]['policy']

const feature = (name: string, verdict: Feature['verdict'], effect?: number, adjustedP = 0): Feature =>
  ({
    feature: name,
    verdict,
    figures: effect === undefined ? null : { effect, adjustedP },
  }) as unknown as Feature

describe('thresholds of a feature', () => {
  it('are its own where it has some, and acting never comes before watching', () => {
    expect(thresholdsOf(policy, 'any')).toEqual({ watch: 0.05, act: 0.1 })
    expect(thresholdsOf(policy, 'noisy')).toEqual({ watch: 0.2, act: 0.2 })
    expect(thresholdsOf(policy, 'key')).toEqual({ watch: 0.05, act: 0.08 })
    expect(thresholdsOf(policy, 'toString')).toEqual({ watch: 0.05, act: 0.1 })
  })
})

describe('features by effect times certainty', () => {
  it('weigh nothing when the effect is chance, and are unknown when nothing was judged', () => {
    expect(weightOf(feature('a', 'ok', 0.5, 1), policy)).toBe(0)
    expect(weightOf(feature('a', 'no-data'), policy)).toBeNull()
    expect(weightOf(feature('a', 'act', 0.1, 0), policy)).toBe(2)
  })
  it('come with what drifts first and what could not be judged before what is well', () => {
    const features = [
      feature('calm', 'ok', 0.01, 0.2),
      feature('silent', 'no-data'),
      feature('uncertain', 'ok', 0.3, 0.9),
      feature('small', 'watch', 0.06, 0),
      feature('large', 'act', 0.4, 0.001),
      feature('larger', 'act', 0.5, 0.001),
      feature('few', 'insufficient'),
    ]
    expect(ordered({ features, policy }).map((f) => f.feature)).toEqual([
      'larger',
      'large',
      'small',
      'few',
      'silent',
      'uncertain',
      'calm',
    ])
  })
})
