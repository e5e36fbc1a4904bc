import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startIngest, type Ingest } from '#lib/ingest/server.ts'
import { makeSetting, send, type Setting } from '#lib/ingest/testing/setting.ts'
import { testStart, testSystem, type TestSystem } from '../../tests/support/system.ts'
import { createMonitor } from './create-monitor.ts'
import { createProfile } from './create-profile.ts'
import { buildProfile } from './profile.ts'
import { watermarkAheadMsMax } from './queries.ts'
import { readMonitor, readPsiSeries } from './reads.ts'
import { reconcileDrift } from './reconcile.ts'

const hourMs = 3_600_000
const perHour = 400
let t: TestSystem
let s: Setting
let ingest: Ingest
let monitorId: string
let sent = 0

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  t.clock.set(testStart)
  ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1' })
  const developer = await s.workspace.as('developer')
  const profile = buildProfile({ distance: Array.from({ length: 4000 }, (_, i) => (i * 37) % 1000) })
  const { id } = await createProfile(developer, { versionId: s.stable, source: 'January', profile })
  const fields = { endpointId: s.endpoint, profileId: id, name: 'hourly', latenessSeconds: 60 }
  monitorId = (await createMonitor(developer, fields)).id
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

const prediction = (time: number, i: number) => ({
  type: 'prediction',
  id: `p${sent++}`,
  time,
  endpoint: s.endpoint,
  version: s.stable,
  generation: 1,
  features: { distance: (i * 5 * 37) % 1000 },
})

/** The hour that begins so many hours after the start of the test's clock. */
async function sendHour(hour: number) {
  const from = testStart.getTime() + hour * hourMs
  const events = Array.from({ length: perHour }, (_, i) => prediction(from + i * 9000, i))
  expect((await send(ingest.url, s.key, events)).answer).toEqual({ accepted: perHour, rejected: [] })
}

const read = async () => readMonitor(await s.workspace.as('viewer'), monitorId)

describe('an event from the future', () => {
  it('closes no window that our clock has not reached, and what comes after it is still judged', async () => {
    await sendHour(-1)
    const { answer } = await send(ingest.url, s.key, [prediction(testStart.getTime() + 23 * hourMs, 0)])
    expect(answer).toEqual({ accepted: 1, rejected: [] })
    await reconcileDrift(t.system, 'worker')
    const judged = await read()
    expect(judged.newestEventAt).toEqual(new Date(testStart.getTime() + watermarkAheadMsMax))
    expect(judged.evaluatedUntil).toEqual(testStart)

    t.clock.advance(2 * hourMs)
    await sendHour(0)
    await sendHour(1)
    await reconcileDrift(t.system, 'worker')
    expect((await read()).evaluatedUntil).toEqual(new Date(testStart.getTime() + hourMs))
    const series = await readPsiSeries(await s.workspace.as('viewer'), {
      monitorId,
      feature: 'distance',
      from: new Date(testStart.getTime() - hourMs),
      to: new Date(testStart.getTime() + hourMs),
    })
    expect(series.map((point) => point.rows)).toEqual([perHour, perHour])
  })
})
