import { createServer } from 'node:http'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '#lib/platform/clock.ts'
import { silentLog } from '#lib/platform/log.ts'
import { closeWithin, listen } from './listen.ts'
import { deliverTo } from './deliver.ts'
import type { RequestEvent } from './events.ts'
import { openTap, type Tap, type TapOptions } from './tap.ts'

const event = (status: number): RequestEvent => ({
  type: 'request',
  time: 0,
  endpoint: 'flights',
  version: 'v1',
  generation: 1,
  status,
  latencyMs: 1,
})

type Received = { batchId: string; authorization: string; lines: unknown[] }

/** A real ingest server that answers the given statuses in turn, then 202, each with the answer. */
async function startIngest(statuses: number[], answer: object = {}) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const lines = Buffer.concat(chunks).toString().trimEnd().split('\n')
      received.push({
        batchId: String(request.headers['x-batch-id']),
        authorization: String(request.headers.authorization),
        lines: lines.map((line): unknown => JSON.parse(line)),
      })
      response.writeHead(request.url === '/v1/events' ? (statuses.shift() ?? 202) : 404).end(JSON.stringify(answer))
      server.emit('batch')
    })
  })
  const url = await listen(server, 0)
  const until = async (count: number) => {
    while (received.length < count) await once(server, 'batch')
  }
  return { url, received, until, close: () => closeWithin(server, systemClock, 1000) }
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function tapTo(
  statuses: number[],
  over: Partial<TapOptions> = {},
  answer: object = {},
): Promise<{ tap: Tap; ingest: Awaited<ReturnType<typeof startIngest>> }> {
  const ingest = await startIngest(statuses, answer)
  const target = deliverTo({ url: ingest.url, key: 'ik_test', timeoutMs: 5000 })
  const tap = openTap({
    clock: systemClock,
    log: silentLog(),
    deliver: target.deliver,
    batchEventsMax: 2,
    batchMs: 5,
    bufferEventsMax: 100,
    attemptsMax: 5,
    backoffMs: 1,
    backoffMsMax: 4,
    ...over,
  })
  closers.push(() => tap.stop(1000), target.close, ingest.close)
  return { tap, ingest }
}

describe('tap', () => {
  it('sends batches with the ingest key, each event once and in order', async () => {
    const { tap, ingest } = await tapTo([])
    for (let i = 0; i < 5; i++) tap.push(event(200 + i))
    await tap.stop(5000)
    expect(ingest.received.flatMap((r) => r.lines)).toEqual([0, 1, 2, 3, 4].map((i) => event(200 + i)))
    expect(new Set(ingest.received.map((r) => r.authorization))).toEqual(new Set(['Bearer ik_test']))
    expect(new Set(ingest.received.map((r) => r.batchId)).size).toBe(ingest.received.length)
    expect(tap.counts()).toEqual({ buffered: 0, dropped: 0, rejected: 0 })
  })

  it('sends a batch again with the same id after 503 and 429', async () => {
    const { tap, ingest } = await tapTo([503, 429])
    tap.push(event(200))
    await ingest.until(3)
    expect(new Set(ingest.received.map((r) => r.batchId)).size).toBe(1)
    expect(ingest.received.map((r) => r.lines)).toEqual([[event(200)], [event(200)], [event(200)]])
    await tap.stop(5000)
    expect(tap.counts()).toEqual({ buffered: 0, dropped: 0, rejected: 0 })
  })

  it('does not repeat what the receiver refuses, and counts it', async () => {
    const { tap, ingest } = await tapTo([400])
    tap.push(event(200))
    tap.push(event(201))
    await tap.stop(5000)
    expect(ingest.received).toHaveLength(1)
    expect(tap.counts()).toEqual({ buffered: 0, dropped: 2, rejected: 0 })
  })

  it('counts what the receiver rejected of a batch that it took, also beyond what it lists', async () => {
    const unfit = { index: 0, path: 'features', message: 'expected a number', partial: true }
    const { tap, ingest } = await tapTo([200], {}, { accepted: 1, rejected: [unfit], rejectedMore: 2 })
    tap.push(event(200))
    await tap.stop(5000)
    expect(ingest.received).toHaveLength(1)
    expect(tap.counts()).toEqual({ buffered: 0, dropped: 0, rejected: 3 })
  })

  it('gives up after the last attempt and counts it', async () => {
    const { tap, ingest } = await tapTo([500, 500, 500], { attemptsMax: 3 })
    tap.push(event(200))
    await ingest.until(3)
    await tap.stop(5000)
    expect(ingest.received).toHaveLength(3)
    expect(tap.counts().dropped).toBe(1)
  })

  it('drops the oldest batches when the buffer is full, and counts them', async () => {
    const sent: string[][] = []
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const { tap } = await tapTo([], {
      bufferEventsMax: 6,
      deliver: async (batch) => {
        await held
        sent.push(batch.lines)
        return { kind: 'delivered', rejected: null }
      },
    })
    tap.push(event(0))
    tap.push(event(1))
    // One turn of the loop, so that the sender holds the first batch, which cannot be dropped under way.
    await new Promise((resolve) => setImmediate(resolve))
    for (let i = 2; i < 12; i++) tap.push(event(i))
    expect(tap.counts()).toEqual({ buffered: 6, dropped: 6, rejected: 0 })
    release()
    await tap.stop(5000)
    const statuses = sent.flat().map((line) => (JSON.parse(line) as RequestEvent).status)
    expect(statuses).toEqual([0, 1, 8, 9, 10, 11])
  })
})
