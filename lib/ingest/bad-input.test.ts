import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { findRequestTotals } from '#lib/telemetry/reads.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { startIngest, type Ingest } from './server.ts'
import { makeSetting, send, type Setting } from './testing/setting.ts'

let t: TestSystem
let s: Setting
let other: Setting
let ingest: Ingest
let narrow: string
const at = Date.parse('2026-03-02T08:00:00Z')
const bodyBytesMax = 20_000

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  other = await makeSetting(t)
  ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1', limits: { bodyBytesMax } })
  const operator = await s.workspace.as('operator')
  narrow = (await createIngestKey(operator, { endpointId: other.endpoint, kinds: ['request', 'prediction'] })).secret
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

type Made = Record<string, unknown>
const request = (): Made => ({
  type: 'request',
  time: at,
  endpoint: s.endpoint,
  version: s.stable,
  generation: 1,
  status: 200,
  latencyMs: 5,
})
const prediction = (): Made => ({
  type: 'prediction',
  id: 'p1',
  time: at,
  endpoint: s.endpoint,
  version: s.stable,
  generation: 1,
  features: {},
})
const label = (): Made => ({ type: 'label', predictionId: 'p1', time: at, label: true })

describe('a wrong event', () => {
  it.each<[string, () => unknown, string, string | (() => string)]>([
    ['a number', () => 7, '', 'must be an object, one event'],
    ['no type', () => ({}), 'type', 'must be one of request, prediction, label, heartbeat'],
    ['an unknown type', () => ({ type: 'span' }), 'type', 'must be one of request, prediction, label, heartbeat'],
    ['an inherited type', () => ({ type: 'toString' }), 'type', 'must be one of request, prediction, label, heartbeat'],
    ['no time', () => ({ ...request(), time: undefined }), 'time', 'is missing'],
    ['a time as text', () => ({ ...request(), time: '2026-03-02' }), 'time', 'must be number'],
    ['a time before 1970', () => ({ ...request(), time: -1 }), 'time', 'must be >= 0'],
    [
      'a clock far ahead',
      () => ({ ...request(), time: at + 3 * 86_400_000 }),
      'time',
      'is more than a day ahead of our clock: check the sender’s',
    ],
    ['a negative latency', () => ({ ...request(), latencyMs: -0.1 }), 'latencyMs', 'must be >= 0'],
    ['a broken generation', () => ({ ...request(), generation: 1.5 }), 'generation', 'must be integer'],
    ['a status of 1000', () => ({ ...request(), status: 1000 }), 'status', 'must be <= 999'],
    ['an empty endpoint', () => ({ ...request(), endpoint: '' }), 'endpoint', 'must NOT have fewer than 1 characters'],
    ['NUL in an id', () => ({ ...request(), endpoint: 'ep_\u0000' }), 'endpoint', 'must hold no control characters'],
    [
      'an unknown endpoint',
      () => ({ ...request(), endpoint: 'ep_x' }),
      'endpoint',
      'there is no endpoint ep_x in this workspace',
    ],
    [
      'another workspace’s endpoint',
      () => ({ ...request(), endpoint: other.endpoint }),
      'endpoint',
      () => `there is no endpoint ${other.endpoint} in this workspace`,
    ],
    [
      'an unknown version',
      () => ({ ...request(), version: 'mv_x' }),
      'version',
      () => `there is no version mv_x of the model at ${s.endpoint}`,
    ],
    [
      'another model’s version',
      () => ({ ...request(), version: other.stable }),
      'version',
      () => `there is no version ${other.stable} of the model at ${s.endpoint}`,
    ],
    [
      'a nested feature',
      () => ({ ...prediction(), features: { a: { b: 1 } } }),
      'features.a',
      'must be number or string or boolean or null',
    ],
    ['features as a list', () => ({ ...prediction(), features: [1] }), 'features', 'must be object'],
    [
      'half a character',
      () => ({ ...prediction(), prediction: '\ud800' }),
      'prediction',
      'must hold no NUL and no half characters',
    ],
    [
      'an id of 201 characters',
      () => ({ ...prediction(), id: 'x'.repeat(201) }),
      'id',
      'must NOT have more than 200 characters',
    ],
    ['a label of null', () => ({ ...label(), label: null }), 'label', 'must be string or number or boolean'],
    [
      'a label feature without a name',
      () => ({ ...label(), features: { '': 1 } }),
      'features',
      'has a name that is empty, too long or holds control characters',
    ],
    ['a heartbeat of nothing', () => ({ type: 'heartbeat', time: at }), 'agent', 'is missing'],
  ])('%s is rejected by its field, and the good one beside it counts', async (_, make, path, message) => {
    const expected = { index: 0, path, message: typeof message === 'string' ? message : message() }
    const mixed = await send(ingest.url, s.key, [make(), request()])
    expect(mixed).toEqual({ status: 200, answer: { accepted: 1, rejected: [expected] } })
    const alone = await send(ingest.url, s.key, [make()])
    expect(alone.status).toBe(400)
    const where = path === '' ? 'event 0' : `event 0, ${path}`
    expect(alone.answer).toMatchObject({
      code: 'invalid',
      detail: `${where}: ${expected.message}`,
      rejected: [expected],
    })
  })

  it('that a double cannot hold is not taken for a number', async () => {
    const lines = [JSON.stringify(request()).replace('"latencyMs":5', '"latencyMs":1e999'), '{"type":', 'NaN']
    const { status, text } = await post({ body: `${lines.join('\n')}\n` })
    expect(status).toBe(400)
    expect(JSON.parse(text).rejected).toEqual([
      { index: 0, path: 'latencyMs', message: 'must be number' },
      { index: 1, path: '', message: 'is not JSON' },
      { index: 2, path: '', message: 'is not JSON' },
    ])
  })

  it('of a kind or an endpoint that the key is not for is rejected', async () => {
    const { answer } = await send(ingest.url, narrow, [request(), label()])
    expect(answer.rejected).toEqual([
      { index: 0, path: 'endpoint', message: `this key is for ${other.endpoint}, not for ${s.endpoint}` },
      { index: 1, path: 'type', message: 'this key may not send label events' },
    ])
  })
})

describe('a wrong request', () => {
  const gzip = { 'content-encoding': 'gzip' }
  it.each<[string, () => { headers?: Record<string, string>; body?: BodyInit; method?: string }, number, string]>([
    [
      'without a key',
      () => ({ headers: { authorization: '' } }),
      401,
      'Send an ingest key: authorization: Bearer qdi_…',
    ],
    [
      'with an unknown key',
      () => ({ headers: { authorization: `Bearer qdi_${'x'.repeat(43)}` } }),
      401,
      'This ingest key is unknown or revoked. Make another in the workspace settings.',
    ],
    [
      'of another type',
      () => ({ headers: { 'content-type': 'text/csv' } }),
      415,
      'Send application/x-ndjson (one event a line) or application/json, in UTF-8.',
    ],
    [
      'in another charset',
      () => ({ headers: { 'content-type': 'application/json; charset=latin1' } }),
      415,
      'Send application/x-ndjson (one event a line) or application/json, in UTF-8.',
    ],
    [
      'in another encoding',
      () => ({ headers: { 'content-encoding': 'br' } }),
      415,
      'content-encoding: must be gzip, zstd or identity.',
    ],
    [
      'with a bad batch id',
      () => ({ headers: { 'x-batch-id': 'a b' } }),
      400,
      'x-batch-id: must be 1 to 128 letters, digits and . _ : / -',
    ],
    ['that is empty', () => ({ body: '\n \n' }), 400, 'The body holds no events.'],
    [
      'that is not JSON',
      () => ({ headers: { 'content-type': 'application/json' }, body: '[{' }),
      400,
      'The body is not JSON. Send an array of events, or NDJSON with its own type.',
    ],
    [
      'that is no array',
      () => ({ headers: { 'content-type': 'application/json' }, body: '{}' }),
      400,
      'The body must be an array of events.',
    ],
    [
      'that is not UTF-8',
      () => ({ body: new Uint8Array([0xff, 0xfe, 0x00]) }),
      400,
      'The body is not UTF-8 text. Is its content-encoding header missing?',
    ],
    [
      'that is not gzip',
      () => ({ headers: gzip, body: 'plain' }),
      400,
      'The body cannot be decompressed: it is damaged or not what content-encoding says.',
    ],
    [
      'that is cut',
      () => ({ headers: gzip, body: new Uint8Array(gzipSync(JSON.stringify(request())).subarray(0, 30)) }),
      400,
      'The body cannot be decompressed: it is damaged or not what content-encoding says.',
    ],
    [
      'that is too large',
      () => ({ body: 'x'.repeat(bodyBytesMax + 1) }),
      413,
      `The body may have ${bodyBytesMax} bytes after decompression: send several requests.`,
    ],
    [
      'that unpacks to too much',
      () => ({ headers: gzip, body: new Uint8Array(gzipSync('x'.repeat(50_000_000))) }),
      413,
      `The body may have ${bodyBytesMax} bytes after decompression: send several requests.`,
    ],
    ['by PUT', () => ({ method: 'PUT' }), 405, 'Send events with POST.'],
  ])('%s is refused with what to do', async (_, make, status, detail) => {
    const answer = await post(make())
    expect([answer.status, JSON.parse(answer.text).detail]).toEqual([status, detail])
  })

  it('leaves the server well', async () => {
    const before = await findRequestTotals(t.system.db, { endpointId: s.endpoint })
    await send(ingest.url, s.key, [request()])
    const after = await findRequestTotals(t.system.db, { endpointId: s.endpoint })
    expect(after.requests).toBe(before.requests + 1)
  })
})

async function post(made: { headers?: Record<string, string>; body?: BodyInit; method?: string }) {
  const response = await fetch(`${ingest.url}/v1/events`, {
    method: made.method ?? 'POST',
    headers: { authorization: `Bearer ${s.key}`, 'content-type': 'application/x-ndjson', ...made.headers },
    body: made.body ?? JSON.stringify(request()),
  })
  return { status: response.status, text: await response.text() }
}
