import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startIngest, type Ingest } from '#lib/ingest/server.ts'
import { makeSetting, send, type Setting } from '#lib/ingest/testing/setting.ts'
import { claimDue } from '#lib/platform/claim.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { createMonitor } from './create-monitor.ts'
import { createProfile } from './create-profile.ts'
import { buildProfile } from './profile.ts'
import { advanceMonitor, selectMonitor, selectResults } from './queries-monitors.ts'
import { findOpenFindings, listFindings } from './reads.ts'
import { reconcileDrift } from './reconcile.ts'

const dayMs = 86_400_000
const start = Date.parse('2026-01-05T00:00:00Z')
let t: TestSystem
let s: Setting
let ingest: Ingest
let monitorId: string

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1' })
  const developer = await s.workspace.as('developer')
  const values = Array.from({ length: 5000 }, (_, i) => (i * 37) % 200)
  const profile = buildProfile({ delay: values, distance: values })
  const { id } = await createProfile(developer, { versionId: s.stable, source: 'January', profile })
  const made = await createMonitor(developer, {
    endpointId: s.endpoint,
    profileId: id,
    name: 'storm-days',
    windowSeconds: 86_400,
    persistence: { k: 1, n: 1 },
    features: ['delay'],
    labelFeatures: ['delay'],
    latenessSeconds: 3600,
  })
  monitorId = made.id
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

/** A day's flights with their delays, known within the day. */
async function sendDay(day: number, shift: number) {
  const flights = Array.from({ length: 500 }, (_, i) => ({ id: `${day}-${i}`, time: start + day * dayMs + i * 60_000 }))
  const predictions = flights.map(({ id, time }) => ({
    type: 'prediction',
    id,
    time,
    endpoint: s.endpoint,
    version: s.stable,
    generation: 1,
    features: { distance: 'not looked at' },
  }))
  const labels = flights.map(({ id, time }, i) => ({
    type: 'label',
    predictionId: id,
    time: time + 3_600_000,
    label: false,
    features: { delay: ((i * 37) % 200) + shift },
  }))
  expect((await send(ingest.url, s.key, [...predictions, ...labels])).answer).toEqual({ accepted: 1000, rejected: [] })
}

describe('a monitor of storm days', () => {
  it('finds a single day and resolves with the next calm one', async () => {
    for (const [day, shift] of [0, 0, 150, 0].entries()) await sendDay(day, shift)
    await reconcileDrift(t.system, 'worker-1')
    const viewer = await s.workspace.as('viewer')
    expect((await listFindings(viewer, { monitorId })).items).toMatchObject([
      { feature: 'delay', state: 'open', since: new Date(start + 2 * dayMs), monitorName: 'storm-days' },
    ])
    await sendDay(4, 0)
    await reconcileDrift(t.system, 'worker-1')
    expect(await findOpenFindings(t.system.db, { endpointId: s.endpoint })).toEqual([])
    expect((await listFindings(viewer, { monitorId })).items).toHaveLength(1)
  })

  it('is evaluated once by workers that race each other', async () => {
    for (const day of [5, 6, 7]) await sendDay(day, 150)
    const worked = await Promise.all(['a', 'b', 'c', 'd'].map((holder) => reconcileDrift(t.system, holder)))
    expect(worked.reduce((sum, n) => sum + n, 0)).toBe(1)
    expect(await selectResults(t.system.db, monitorId, 100)).toHaveLength(7)
    expect(await findOpenFindings(t.system.db, { endpointId: s.endpoint })).toHaveLength(1)
  })

  it('is not moved by a worker that has lost its claim', async () => {
    const before = (await selectMonitor(t.system.db, monitorId))!
    const claim = () =>
      housekeep(t.system, 'lease', (tx) =>
        claimDue(tx, 'drift_monitor', { now: t.clock.now(), holder: 'x', leaseSeconds: 60, limit: 1 }),
      )
    await sendDay(8, 0)
    const [stale] = await claim()
    t.clock.advance(61_000)
    const [held] = await claim()
    expect(held!.fence).toBeGreaterThan(stale!.fence)
    const evaluation = {
      windowAt: new Date(start),
      until: new Date(start + 100 * dayMs),
      result: {},
      policyDigest: 'x',
      now: t.clock.now(),
    }
    expect(await housekeep(t.system, 'observation', (tx) => advanceMonitor(tx, stale!, evaluation))).toBe(false)
    expect((await selectMonitor(t.system.db, monitorId))!.evaluatedUntil).toEqual(before.evaluatedUntil)
    t.clock.advance(61_000)
    await reconcileDrift(t.system, 'worker-1')
    expect((await selectMonitor(t.system.db, monitorId))!.evaluatedUntil).toEqual(new Date(start + 8 * dayMs))
  })
})
