import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { manualClock } from '#lib/platform/clock.ts'
import { createReplayControl } from './replay-control.ts'
import type { ReplayEvent } from './replay.ts'
import { sendReplay, type ReplayProgress, type SendReplayOptions } from './send-replay.ts'

type Received = { url: string; headers: IncomingMessage['headers']; text: string }
type Answer = (received: Received, response: ServerResponse) => void

const minuteMs = 60_000
const startMs = Date.UTC(2001, 3, 1)

/** Flights a minute apart whose labels are known three hours later. */
async function* flights(count: number): AsyncGenerator<ReplayEvent> {
  for (let i = 0; i < count; i++) {
    yield {
      eventTimeMs: startMs + i * minuteMs,
      predictionId: `flight-${i}`,
      stickyKey: `ORD-LGA-${i % 24}`,
      features: { distance: 733, origin: 'ORD', destination: 'LGA', hour: 1, dayOfWeek: 7 },
      label: i % 2 === 0,
      delayMinutes: i,
      labelEventTimeMs: startMs + i * minuteMs + 180 * minuteMs,
    }
  }
}

describe('sendReplay', () => {
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  const listen = async (answer: Answer): Promise<{ url: string; received: Received[] }> => {
    const received: Received[] = []
    const server = createServer((message, response) => {
      const chunks: Buffer[] = []
      message.on('data', (chunk: Buffer) => chunks.push(chunk))
      message.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const one = { url: message.url ?? '', headers: message.headers, text }
        received.push(one)
        answer(one, response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
  }
  const ok: Answer = (_, response) => response.end('{"score":0.2,"prediction":false}')
  const accepted: Answer = (_, response) => response.writeHead(202).end()
  const options = (gatewayUrl: string, ingestUrl: string, count: number): SendReplayOptions => ({
    events: flights(count),
    gatewayUrl,
    endpointId: 'ep_1',
    ingestUrl,
    ingestKey: 'ingest-key',
    control: createReplayControl(100_000),
    runId: 'run-1',
  })
  const linesOf = (received: Received[]) =>
    received
      .flatMap(({ text }) => text.trim().split('\n'))
      .map((line) => JSON.parse(line) as { predictionId: string; time: number })

  it('asks for every prediction with its headers and sends every label once it is known', async () => {
    const order: string[] = []
    const gateway = await listen((one, response) => {
      order.push(String(one.headers['x-prediction-id']))
      ok(one, response)
    })
    const ingest = await listen((one, response) => {
      for (const { predictionId } of linesOf([one])) order.push(`label ${predictionId}`)
      accepted(one, response)
    })
    const result = await sendReplay({ ...options(gateway.url, ingest.url, 400), gatewayKey: 'gateway-key' })
    expect(result).toEqual({
      state: 'finished',
      eventTimeMs: startMs + 399 * minuteMs,
      predictionsSent: 400,
      predictionsAnswered: 400,
      predictionsFailed: 0,
      labelsSent: 400,
      labelsFailed: 0,
      labelsPending: 0,
      errors: {},
    })
    const first = gateway.received.find(({ headers }) => headers['x-prediction-id'] === 'flight-0')!
    expect(first.url).toBe('/endpoints/ep_1/predict')
    expect(first.headers).toMatchObject({
      'x-event-time': String(startMs),
      'x-quarterdeck-key': 'ORD-LGA-0',
      authorization: 'Bearer gateway-key',
    })
    expect(JSON.parse(first.text)).toEqual({
      features: { distance: 733, origin: 'ORD', destination: 'LGA', hour: 1, dayOfWeek: 7 },
    })
    expect(ingest.received[0]).toMatchObject({
      url: '/v1/events',
      headers: {
        'content-type': 'application/x-ndjson',
        authorization: 'Bearer ingest-key',
        'x-batch-id': 'run-1-labels-0',
      },
    })
    expect(linesOf(ingest.received)[0]).toEqual({
      type: 'label',
      predictionId: 'flight-0',
      time: startMs + 180 * minuteMs,
      label: true,
      features: { delay: 0 },
    })
    expect(new Set(ingest.received.map(({ headers }) => headers['x-batch-id'])).size).toBe(ingest.received.length)
    const times = linesOf(ingest.received).map(({ time }) => time)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    // The label of minute 0 is known at minute 180; it was not sent before the prediction of minute 164 was answered.
    expect(order.indexOf('label flight-0')).toBeGreaterThan(order.indexOf('flight-164'))
    expect(order.indexOf('label flight-0')).toBeLessThan(order.indexOf('flight-230'))
  })

  it('labels by the id that the gateway gave', async () => {
    const gateway = await listen((one, response) => {
      response.setHeader('x-quarterdeck-prediction-id', `pr_${String(one.headers['x-prediction-id'])}`)
      ok(one, response)
    })
    const ingest = await listen(accepted)
    await sendReplay(options(gateway.url, ingest.url, 3))
    expect(linesOf(ingest.received).map(({ predictionId }) => predictionId)).toEqual([
      'pr_flight-0',
      'pr_flight-1',
      'pr_flight-2',
    ])
  })

  it('counts what the gateway refuses or breaks off, and sends no label for it', async () => {
    const gateway = await listen((one, response) => {
      const number = Number(String(one.headers['x-prediction-id']).slice(7))
      if (number % 4 === 1) response.writeHead(503).end()
      else if (number % 4 === 2) response.destroy()
      else ok(one, response)
    })
    const ingest = await listen(accepted)
    const result = await sendReplay(options(gateway.url, ingest.url, 40))
    expect(result).toMatchObject({
      predictionsSent: 40,
      predictionsAnswered: 20,
      predictionsFailed: 20,
      labelsSent: 20,
    })
    expect(result.errors['predict 503']).toBe(10)
    expect(Object.values(result.errors).reduce((sum, count) => sum + count, 0)).toBe(20)
    expect(linesOf(ingest.received)).toHaveLength(20)
  })

  it('repeats a batch under its id while the ingest server is busy, and not when it is refused', async () => {
    const gateway = await listen(ok)
    const statuses = [503, 429, 202, 400]
    const ingest = await listen((_, response) => response.writeHead(statuses.shift() ?? 202).end())
    const clock = manualClock(new Date(0))
    const patient = { ...clock, sleep: async (ms: number) => clock.advance(ms) }
    const result = await sendReplay({ ...options(gateway.url, ingest.url, 40), clock: patient })
    const ids = ingest.received.map(({ headers }) => headers['x-batch-id'])
    expect(ids).toEqual(['run-1-labels-0', 'run-1-labels-0', 'run-1-labels-0', 'run-1-labels-1', 'run-1-labels-2'])
    expect(result.errors).toEqual({ 'labels 503': 1, 'labels 429': 1, 'labels 400': 1 })
    expect(result).toMatchObject({ labelsSent: 25, labelsFailed: 15, labelsPending: 0 })
  })

  it('stops when it is told to, keeps the labels that were not known, and never has more under way than allowed', async () => {
    const control = createReplayControl(100_000)
    let [underWay, mostUnderWay] = [0, 0]
    const gateway = await listen((one, response) => {
      mostUnderWay = Math.max(mostUnderWay, ++underWay)
      if (one.headers['x-prediction-id'] === 'flight-99') control.stop()
      setImmediate(() => {
        underWay--
        ok(one, response)
      })
    })
    const ingest = await listen(accepted)
    const seen: ReplayProgress[] = []
    const result = await sendReplay({
      ...options(gateway.url, ingest.url, 1_000),
      control,
      concurrencyMax: 4,
      onProgress: (progress) => seen.push(progress),
    })
    expect(result.state).toBe('stopped')
    expect(result.predictionsSent).toBeGreaterThanOrEqual(100)
    expect(result.predictionsSent).toBeLessThan(105)
    expect(result).toMatchObject({ labelsSent: 0, labelsPending: result.predictionsAnswered })
    expect(mostUnderWay).toBeLessThanOrEqual(4)
    expect(seen.at(-1)).toEqual(result)
  })
})

describe('createReplayControl', () => {
  it('paces by the clock, waits while paused, and follows a new rate at once', async () => {
    const clock = manualClock(new Date(0))
    const control = createReplayControl(0.1)
    expect(await control.turn(clock)).toBe(true)
    const passed: string[] = []
    const next = control.turn(clock).then(() => passed.push('next'))
    clock.advance(9_000)
    await Promise.resolve()
    expect(passed).toEqual([])
    control.pause()
    clock.advance(100_000)
    await Promise.resolve()
    expect(passed).toEqual([])
    control.resume()
    await next
    const afterChange = control.turn(clock)
    control.setRate(50_000)
    expect(await afterChange).toBe(true)
    const stopped = control.turn({ ...clock, sleep: () => new Promise(() => undefined) })
    control.stop()
    expect(await stopped).toBe(true)
    expect(await control.turn(clock)).toBe(false)
    control.resume()
    expect(control.state).toBe('stopped')
  })

  it('refuses a rate that is none', () => {
    for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => createReplayControl(rate)).toThrow(/rate/)
  })
})
