import { afterAll, beforeAll, expect, it } from 'vitest'
import { startIngest, type Ingest } from '#lib/ingest/server.ts'
import { makeSetting, send, type Setting } from '#lib/ingest/testing/setting.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { readQualitySeries } from './reads.ts'
import { reconcileQuality } from './reconcile.ts'

const dayMs = 86_400_000
const start = Date.parse('2026-02-20T08:00:00Z')
let t: TestSystem
let s: Setting
let ingest: Ingest

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

/** One prediction of that day, and its label. */
async function judge(day: number): Promise<void> {
  const time = start + day * dayMs
  const common = { endpoint: s.endpoint, version: s.stable, generation: 1, features: {}, score: 0.9 }
  await send(ingest.url, s.key, [
    { type: 'prediction', id: `day-${day}`, time, ...common },
    { type: 'label', predictionId: `day-${day}`, time: time + 1000, label: true },
  ])
}

it('forgets windows by the time of events: those too long before the newest of their endpoint', async () => {
  const forget = () => reconcileQuality({ ...t.system, config: { ...t.system.config, factDays: 2 } })
  const viewer = await s.workspace.as('viewer')
  const kept = async () =>
    (await readQualitySeries(viewer, { endpointId: s.endpoint, versionId: s.stable })).map(
      (point) => (point.windowAt.getTime() - Date.parse('2026-02-20T00:00:00Z')) / dayMs,
    )
  for (const day of [0, 1, 2]) await judge(day)
  expect(await forget()).toBe(0)
  await judge(3)
  expect(await forget()).toBe(1)
  expect(await kept()).toEqual([1, 2, 3])
  expect(await forget()).toBe(0)
})
