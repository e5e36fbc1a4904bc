import { afterAll, beforeAll, expect, it } from 'vitest'
import { startIngest, type Ingest } from '#lib/ingest/server.ts'
import { makeSetting, send, type Setting } from '#lib/ingest/testing/setting.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { createMonitor } from './create-monitor.ts'
import { createProfile } from './create-profile.ts'
import { buildProfile } from './profile.ts'
import { reconcileDriftRetention } from './reconcile-retention.ts'
import { reconcileDrift } from './reconcile.ts'

const hourMs = 3_600_000
const dayHours = 24
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
  const profile = buildProfile({ distance: Array.from({ length: 1000 }, (_, i) => (i * 37) % 1000) })
  const { id: profileId } = await createProfile(developer, { versionId: s.stable, source: 'January', profile })
  const fields = { endpointId: s.endpoint, profileId, name: 'hourly', latenessSeconds: 60 }
  monitorId = (await createMonitor(developer, fields)).id
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

async function serve(hours: readonly number[]): Promise<void> {
  const events = hours.flatMap((hour) =>
    Array.from({ length: 100 }, (_, i) => ({
      type: 'prediction',
      id: `p${hour}-${i}`,
      time: start + hour * hourMs + i * 36_000,
      endpoint: s.endpoint,
      version: s.stable,
      generation: 1,
      features: { distance: (i * 37) % 1000 },
    })),
  )
  expect((await send(ingest.url, s.key, events)).answer).toEqual({ accepted: events.length, rejected: [] })
}

async function evaluate(): Promise<void> {
  while ((await reconcileDrift(t.system, 'test')) > 0);
}

/** The hours of the windows that are kept. */
async function kept(table: 'drift_count' | 'drift_result'): Promise<number[]> {
  const rows = await t.system.db.selectFrom(table).select('window_at').where('monitor_id', '=', monitorId).execute()
  return [...new Set(rows.map((r) => (r.window_at.getTime() - start) / hourMs))].sort((a, b) => a - b)
}

it('forgets counts and results by the time of events, and none that are still to be evaluated', async () => {
  const forget = () => reconcileDriftRetention({ ...t.system, config: { ...t.system.config, factDays: 2 } })
  await serve([0, 1, 2])
  await evaluate()
  const hours = { count: await kept('drift_count'), result: await kept('drift_result') }
  expect(hours).toEqual({ count: [0, 1, 2], result: [0, 1] })
  // Wall time alone makes nothing old: a monitor may be fed with events of long ago.
  t.clock.advance(30 * dayHours * hourMs)
  expect(await forget()).toBe(0)
  const later = [2 * dayHours + 2, 2 * dayHours + 3, 2 * dayHours + 4]
  await serve(later)
  expect(await forget()).toBe(0)
  await evaluate()
  const evaluated = await kept('drift_result')
  // Evaluated until 52 h, so what began before hour 4 is older than two days.
  expect(await forget()).toBeGreaterThan(0)
  expect(await kept('drift_count')).toEqual(later)
  expect(await kept('drift_result')).toEqual(evaluated.filter((hour) => hour >= 4))
  expect(await forget()).toBe(0)
})
