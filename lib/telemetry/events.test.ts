import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { heartbeatEvent, predictionEvent, requestEvent } from '#lib/agent/events.ts'
import { checkEvent, isRejection, telemetryEvent } from './events.ts'

const names = { endpoint: 'ep_1', version: 'mv_1', generation: 3 }
const ofAgent = [
  requestEvent.parse({ type: 'request', time: 1.5, ...names, status: 499, latencyMs: 0.01, cpuSeconds: 0.002 }),
  requestEvent.parse({ type: 'request', time: 1, ...names, status: 200, latencyMs: 3 }),
  predictionEvent.parse({
    type: 'prediction',
    id: '0194d2f0',
    time: 0,
    ...names,
    features: { a: 1, b: 'x', c: true, d: null },
    score: 0.5,
    prediction: false,
  }),
  predictionEvent.parse({ type: 'prediction', id: 'x', time: 1, ...names, features: {} }),
  heartbeatEvent.parse({
    type: 'heartbeat',
    time: 1,
    agent: 'agent-1',
    sequence: 0,
    endpoints: [
      {
        endpoint: 'ep_1',
        generation: 3,
        weights: [{ versionId: 'mv_1', percent: 100 }],
        breaker: { tripId: 't', trippedAt: 1, versionId: 'mv_2', because: '5 of 20 requests failed' },
      },
      { endpoint: 'ep_2', generation: 0, weights: [], breaker: null },
    ],
    tap: { buffered: 0, dropped: 0, rejected: 0 },
  }),
]

describe('checkEvent', () => {
  it.each(ofAgent)('accepts what the agent sends: $type', (event) => {
    expect(checkEvent(JSON.parse(JSON.stringify(event)))).toEqual(event)
    expect(telemetryEvent.parse(event)).toEqual(event)
  })

  it('ignores fields that it does not know', () => {
    const event = { ...ofAgent[1], later: { nested: true } }
    expect(isRejection(checkEvent(event))).toBe(false)
  })

  it('agrees with the documented schema on anything', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
    )
    const keys = ['type', 'time', 'id', 'endpoint', 'status', 'features', 'label', 'predictionId', 'score', 'latencyMs']
    const broken = fc
      .tuple(
        fc.constantFrom(...ofAgent, { type: 'label', predictionId: 'p', time: 1, label: 1 }),
        fc.constantFrom(...keys),
        value,
      )
      // JSON has neither undefined nor NaN; lone halves and control characters are the formats' matter.
      .map(([event, key, put]) => JSON.parse(JSON.stringify({ ...event, [key]: put })) as object)
      // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
      .filter((event) => !/\\u|[\u0000-\u001f\u007f]/.test(JSON.stringify(event)))
    fc.assert(
      fc.property(broken, (event) => {
        expect([!isRejection(checkEvent(event)), event]).toEqual([telemetryEvent.safeParse(event).success, event])
      }),
      { numRuns: 500 },
    )
  })
})
