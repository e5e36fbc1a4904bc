import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findQualityTotals } from '#lib/quality/reads.ts'
import { totalCount } from '#lib/telemetry/histogram.ts'
import { findRequestTotals, listHeartbeats, readRequestFacts, readRequestSeries } from '#lib/telemetry/reads.ts'
import { startIngest, type Ingest } from './server.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { makeSetting, send, type Setting } from './testing/setting.ts'

let t: TestSystem
let s: Setting
let ingest: Ingest
const at = Date.parse('2026-03-02T08:00:00Z')

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

const request = (more: object = {}) => ({
  type: 'request',
  time: at,
  endpoint: s.endpoint,
  version: s.stable,
  generation: 1,
  status: 200,
  latencyMs: 12,
  ...more,
})

describe('POST /v1/events', () => {
  it('folds requests into ten-second facts that add up', async () => {
    const first = [request(), request({ status: 503, cpuSeconds: 0.25 }), request({ version: s.candidate })]
    expect(await send(ingest.url, s.key, first)).toEqual({ status: 200, answer: { accepted: 3, rejected: [] } })
    await send(ingest.url, s.key, [request({ latencyMs: 40, status: 0 }), request({ time: at + 10_000 })])
    const filter = { endpointId: s.endpoint, versionId: s.stable, generation: 1 }
    const totals = await findRequestTotals(t.system.db, filter)
    expect(totals).toMatchObject({ requests: 4, errors: 2, cpuMicros: 250_000, lastSliceAt: new Date(at + 10_000) })
    expect(totalCount(totals.latency!)).toBe(4)
    const reports = t.system.db
      .selectFrom('request_fact')
      .select('cpu_reported as n')
      .where('version_id', '=', s.stable)
    expect((await reports.orderBy('slice_at').execute()).map((row) => row.n)).toEqual([1n, 0n])
    const early = await findRequestTotals(t.system.db, { ...filter, to: new Date(at + 10_000) })
    expect(early.requests).toBe(3)
    expect(await findRequestTotals(t.system.db, { ...filter, generation: 7 })).toEqual({
      requests: 0,
      errors: 0,
      cpuMicros: 0,
      latency: null,
      lastSliceAt: null,
    })
    const ctx = await s.workspace.as('viewer')
    expect((await readRequestFacts(ctx, { endpointId: s.endpoint })).requests).toBe(5)
    const series = await readRequestSeries(ctx, {
      endpointId: s.endpoint,
      from: new Date(at),
      to: new Date(at + 60_000),
      stepSeconds: 60,
    })
    expect(series.map((p) => [p.versionId, p.requests, p.errors])).toEqual([
      [s.stable, 4, 2],
      [s.candidate, 1, 0],
    ])
    expect(series[0]?.p50Ms).toBeCloseTo(12, 0)
    expect(series[0]?.p95Ms).toBeCloseTo(40, 0)
    await expect(readRequestFacts(ctx, { endpointId: 'ep_none' })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('takes a request whose client went away, and counts it in nothing', async () => {
    const gone = request({ generation: 9, status: 499, latencyMs: 30_000, cpuSeconds: 1 })
    const { answer } = await send(ingest.url, s.key, [gone, request({ generation: 9 }), gone])
    expect(answer).toEqual({ accepted: 3, rejected: [] })
    const totals = await findRequestTotals(t.system.db, { endpointId: s.endpoint, versionId: s.stable, generation: 9 })
    expect(totals).toMatchObject({ requests: 1, errors: 0, cpuMicros: 0 })
    expect(totalCount(totals.latency!)).toBe(1)
  })

  it('answers a retry of a batch as the first time, and counts it once', async () => {
    const events = [request({ generation: 2 }), request({ generation: 2, latencyMs: -1 })]
    const headers = { 'x-batch-id': 'agent-1/42' }
    const first = await send(ingest.url, s.key, events, headers)
    expect(first.answer).toEqual({ accepted: 1, rejected: [{ index: 1, path: 'latencyMs', message: 'must be >= 0' }] })
    const again = await send(ingest.url, s.key, events, headers)
    expect(again).toEqual({ status: 200, answer: { ...first.answer, duplicate: true } })
    // Retries that race each other: one of them is the first, whoever that is.
    const racing = await Promise.all(
      Array.from({ length: 8 }, () =>
        send(ingest.url, s.key, [request({ generation: 2 })], { 'x-batch-id': 'agent-1/43' }),
      ),
    )
    expect(racing.filter(({ answer }) => answer.duplicate !== true)).toHaveLength(1)
    const totals = await findRequestTotals(t.system.db, { endpointId: s.endpoint, versionId: s.stable, generation: 2 })
    expect(totals.requests).toBe(2)
  })

  it('reads gzip, zstd and arrays', async () => {
    const events = [request({ generation: 3 })]
    const encoded: [string, string, BodyInit][] = [
      ['application/json', 'gzip', new Uint8Array(gzipSync(JSON.stringify(events)))],
      ['application/x-ndjson', 'zstd', new Uint8Array(zstdCompressSync(`${JSON.stringify(events[0])}\n\n`))],
      ['application/json; charset=utf-8', 'identity', JSON.stringify(events)],
    ]
    for (const [type, encoding, body] of encoded) {
      const headers = {
        authorization: `Bearer ${s.key}`,
        'content-type': type,
        ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
      }
      const response = await fetch(`${ingest.url}/v1/events`, { method: 'POST', headers, body })
      expect([encoding, response.status]).toEqual([encoding, 200])
    }
    const totals = await findRequestTotals(t.system.db, { endpointId: s.endpoint, versionId: s.stable, generation: 3 })
    expect(totals.requests).toBe(3)
  })

  it('joins labels that come after, before and twice, each prediction once', async () => {
    const prediction = (id: string, score: number) => ({
      type: 'prediction',
      id,
      time: at,
      endpoint: s.endpoint,
      version: s.candidate,
      generation: 1,
      features: {},
      score,
    })
    const label = (predictionId: string, value: unknown, hours = 2) => ({
      type: 'label',
      predictionId,
      time: at + hours * 3_600_000,
      label: value,
    })
    await send(ingest.url, s.key, [label('early', true), label('never', true)])
    await send(ingest.url, s.key, [prediction('early', 0.9), prediction('late', 0.2), prediction('unlabelled', 0.2)])
    await send(ingest.url, s.key, [label('late', 1), label('late', false)])
    await send(ingest.url, s.key, [label('late', false), label('early', true), prediction('early', 0.9)])
    const totals = await findQualityTotals(t.system.db, { endpointId: s.endpoint, versionId: s.candidate })
    expect(totals).toMatchObject({ labelled: 2, correct: 1, positives: 2, predictedPositives: 1, truePositives: 1 })
    expect(totals).toMatchObject({ scoreMicros: 1_100_000, delaySecondsSum: 4 * 3600 })
  })

  it('keeps the newest heartbeat', async () => {
    const beat = (sequence: number, time: number) => ({
      type: 'heartbeat',
      time,
      agent: 'agent-1',
      sequence,
      endpoints: [],
      tap: { buffered: 0, dropped: 0 },
    })
    await send(ingest.url, s.key, [beat(2, at + 5000), beat(1, at)])
    await send(ingest.url, s.key, [beat(1, at)])
    const held = await listHeartbeats(await s.workspace.as('viewer'))
    expect(held).toMatchObject([{ agentId: 'agent-1', at: new Date(at + 5000), content: { sequence: 2 } }])
  })

  it('says how it is', async () => {
    expect(await (await fetch(`${ingest.url}/healthz`)).text()).toBe('ok\n')
    expect((await fetch(`${ingest.url}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${ingest.url}/metrics`)).text()
    expect(metrics).toMatch(/quarterdeck_ingest_events_total\{type="request",outcome="folded"\} \d+/)
    expect(metrics).toMatch(/quarterdeck_ingest_queued_events 0/)
  })
})
