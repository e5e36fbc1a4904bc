import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { lockTelemetry } from '#lib/telemetry/queries.ts'
import { findRequestTotals } from '#lib/telemetry/reads.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import type { Answer } from './answer.ts'
import type { Batch } from './commit.ts'
import { commitQueue, type QueueOptions } from './queue.ts'
import { startIngest } from './server.ts'
import { makeSetting, send, type Setting } from './testing/setting.ts'

const batch = (name: string, events = 1): Batch => ({
  workspaceId: 'ws',
  endpointId: null,
  batchId: name,
  events: Array.from({ length: events }, (_, index) => ({
    index,
    event: { type: 'label', predictionId: name, time: 0, label: true },
  })),
  rejected: [],
})
const answers = (batches: readonly Batch[]): Answer[] =>
  batches.map((b) => ({ accepted: b.events.length, rejected: [] }))

function queueOf(commit: QueueOptions['commit'], options: Partial<QueueOptions> = {}) {
  return commitQueue({
    commit,
    eventsMax: 10,
    commitEventsMax: 4,
    onQueued: () => undefined,
    onFailed: () => undefined,
    ...options,
  })
}

describe('commitQueue', () => {
  it('gathers what arrives during a commit into the next, within its limit and in order', async () => {
    const groups: (string | null)[][] = []
    const queue = queueOf((batches) => {
      groups.push(batches.map((b) => b.batchId))
      return Promise.resolve(answers(batches))
    })
    const given = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => queue.submit(batch(name, 2))))
    expect(given).toHaveLength(5)
    expect(groups).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    await queue.drain()
  })

  it('refuses what does not fit, and takes it when there is room again', async () => {
    const queue = queueOf((batches) => Promise.resolve(answers(batches)))
    const held = queue.submit(batch('a', 8))
    await expect(queue.submit(batch('b', 3))).rejects.toMatchObject({
      code: 'rate-limited',
      details: { retryAfterSeconds: 1 },
    })
    await held
    await queue.drain()
    // A request larger than the queue is taken by an empty queue: it was read already.
    expect(await queue.submit(batch('c', 11))).toMatchObject({ accepted: 11 })
  })

  it('tries each request by itself when a commit fails, so that one cannot take the others with it', async () => {
    const failed: number[] = []
    const queue = queueOf(
      (batches) =>
        batches.some((b) => b.batchId === 'poison')
          ? Promise.reject(new Error('refused by the database'))
          : Promise.resolve(answers(batches)),
      { onFailed: (_, count) => failed.push(count) },
    )
    const settled = await Promise.allSettled(['a', 'poison', 'c'].map((name) => queue.submit(batch(name))))
    expect(settled.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const { reason } = settled[1] as PromiseRejectedResult
    expect(isProblem(reason, 'unavailable')).toBe(true)
    expect(failed).toEqual([3, 1])
    const own = queueOf(() => Promise.reject(problem('conflict', 'no')))
    await expect(own.submit(batch('a'))).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('a full server', () => {
  let t: TestSystem
  let s: Setting
  beforeAll(async () => {
    t = await testSystem()
    s = await makeSetting(t)
  })
  afterAll(() => t.close())

  const request = () => ({
    type: 'request',
    time: Date.parse('2026-03-02T08:00:00Z'),
    endpoint: s.endpoint,
    version: s.stable,
    generation: 1,
    status: 200,
    latencyMs: 5,
  })

  it('says 429 with Retry-After, and loses nothing that it acknowledged', async () => {
    const ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1', limits: { queuedEventsMax: 5 } })
    const outcome = await housekeep(t.system, 'telemetry-fold', async (tx) => {
      // While the workspace's lock is held here, nothing can commit and the queue fills.
      await lockTelemetry(tx, [s.workspace.id])
      const held = Array.from({ length: 30 }, () => fetchEvents(ingest.url, s.key, [request(), request()]))
      const refused = await Promise.any(
        held.map(async (each) => ((await each).status === 429 ? each : Promise.reject(new Error('taken')))),
      )
      return { held, refused }
    })
    expect(outcome.refused.headers.get('retry-after')).toBe('1')
    const statuses = (await Promise.all(outcome.held)).map((response) => response.status)
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    const taken = statuses.filter((status) => status === 200).length
    const totals = await findRequestTotals(t.system.db, { endpointId: s.endpoint })
    expect(totals.requests).toBe(taken * 2)
    await ingest.stop()
  })

  it('counts in every monitor from the next commit on, and in none what one of them refuses', async () => {
    const ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1' })
    const developer = await s.workspace.as('developer')
    const values = Array.from({ length: 50 }, (_, i) => i)
    const make = async (name: string, columns: Record<string, (number | string)[]>) => {
      const { id } = await createProfile(developer, {
        versionId: s.stable,
        source: name,
        profile: buildProfile(columns),
      })
      return createMonitor(developer, { endpointId: s.endpoint, profileId: id, name })
    }
    const prediction = (features: object) => ({ ...request(), type: 'prediction', id: 'p', features })
    const first = await make('first', { x: values })
    expect((await send(ingest.url, s.key, [prediction({ x: 1, y: 'a' })])).answer.accepted).toBe(1)
    const second = await make('second', { y: values })
    const { answer } = await send(ingest.url, s.key, [prediction({ x: 1, y: 'a' }), prediction({ x: 1, y: 2 })])
    expect(answer).toMatchObject({ accepted: 2, rejected: [{ index: 0, path: 'features', partial: true }] })
    const rows = await t.system.db.selectFrom('drift_count').selectAll().execute()
    const rowsOf = (id: string) =>
      rows
        .filter((r) => r.monitor_id === id)
        .flatMap((r) => r.counts)
        .reduce((sum, n) => sum + n, 0n)
    expect([rowsOf(first.id), rowsOf(second.id)]).toEqual([2n, 1n])
    await ingest.stop()
  })
})

function fetchEvents(url: string, key: string, events: readonly unknown[]): Promise<Response> {
  return fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  })
}
