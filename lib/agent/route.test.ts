import { describe, expect, it } from 'vitest'
import { compileRoute } from './route.ts'
import type { Traffic } from './state.ts'

const traffic = (over: Partial<Traffic>): Traffic => ({
  generation: 1,
  resourceVersion: 'r1',
  fence: 1,
  weights: [
    { versionId: 'v1', percent: 50 },
    { versionId: 'v2', percent: 50 },
  ],
  stableVersionId: 'v1',
  manager: 'test',
  breaker: null,
  ackedAt: 0,
  ...over,
})
const with_ = (headers: Record<string, string>) => (name: string) => headers[name]

describe('compileRoute', () => {
  it('keeps a key at its version and splits keys by the weights', () => {
    const route = compileRoute('flights', traffic({ sticky: { hashOf: 'user-id' } }))
    const first = Array.from({ length: 2000 }, (_, i) => route.choose(with_({ 'user-id': `u${i}` })))
    const again = Array.from({ length: 2000 }, (_, i) => route.choose(with_({ 'user-id': `u${i}` })))
    expect(again).toEqual(first)
    // Binomial(2000, 0.5): 5 standard deviations are 112.
    expect(Math.abs(first.filter((v) => v === 'v2').length - 1000)).toBeLessThan(112)
  })

  it('splits requests without a key in turn', () => {
    const route = compileRoute('flights', traffic({ sticky: { hashOf: 'user-id' } }))
    const served = Array.from({ length: 100 }, () => route.choose(with_({})))
    expect(served.filter((v) => v === 'v2')).toHaveLength(50)
  })

  it('honours a version named by the affinity header only while it has weight', () => {
    const sticky = { header: 'x-side' }
    expect(compileRoute('flights', traffic({ sticky })).choose(with_({ 'x-side': 'v2' }))).toBe('v2')
    const weights = [
      { versionId: 'v1', percent: 100 },
      { versionId: 'v2', percent: 0 },
    ]
    expect(compileRoute('flights', traffic({ sticky, weights })).choose(with_({ 'x-side': 'v2' }))).toBe('v1')
  })

  it('sends everyone outside the audience to the stable version', () => {
    const weights = [
      { versionId: 'v1', percent: 0 },
      { versionId: 'v2', percent: 100 },
    ]
    const route = compileRoute('flights', traffic({ weights, audience: { header: 'x-internal', equals: 'true' } }))
    expect(route.choose(with_({ 'x-internal': 'true' }))).toBe('v2')
    expect(route.choose(with_({ 'x-internal': 'yes' }))).toBe('v1')
    expect(route.choose(with_({}))).toBe('v1')
  })
})
