import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { selectCounts } from '#lib/drift/queries-monitors.ts'
import { listMonitors } from '#lib/drift/reads.ts'
import { startIngest, type Ingest } from '#lib/ingest/server.ts'
import { makeSetting, send, type Setting } from '#lib/ingest/testing/setting.ts'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { reconcileTelemetry } from '#lib/telemetry/reconcile.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { findQualityTotals, readQuality, readQualitySeries } from './reads.ts'
import { labelHorizonDays, reconcileQuality } from './reconcile.ts'

const dayMs = 86_400_000
const at = Date.parse('2026-02-20T08:00:00Z')
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

const prediction = (id: string, more: object = {}) => ({
  type: 'prediction',
  id,
  time: at,
  endpoint: s.endpoint,
  version: s.stable,
  generation: 1,
  features: {},
  score: 0.9,
  ...more,
})
const label = (predictionId: string, value: unknown) => ({
  type: 'label',
  predictionId,
  time: at + dayMs,
  label: value,
})

describe('quality', () => {
  it('is read by version, day and generation', async () => {
    await send(ingest.url, s.key, [
      prediction('a'),
      prediction('b', { generation: 2 }),
      prediction('c', { time: at + dayMs }),
      prediction('d', { version: s.candidate }),
      prediction('e'),
      label('a', true),
      label('b', false),
      label('c', 'true'),
      label('d', 1),
    ])
    const totals = (filter: object) =>
      findQualityTotals(t.system.db, { endpointId: s.endpoint, versionId: s.stable, ...filter })
    expect(await totals({})).toMatchObject({ labelled: 3, correct: 2 })
    expect(await totals({ generation: 2 })).toMatchObject({ labelled: 1, correct: 0 })
    expect(await totals({ fromWindow: new Date(at) })).toMatchObject({ labelled: 1, correct: 1 })
    const viewer = await s.workspace.as('viewer')
    const series = await readQualitySeries(viewer, { endpointId: s.endpoint, versionId: s.stable })
    expect(series.map((p) => [p.windowAt.toISOString().slice(0, 10), p.counts.labelled])).toEqual([
      ['2026-02-20', 2],
      ['2026-02-21', 1],
    ])
    const { versions, pending } = await readQuality(viewer, { endpointId: s.endpoint })
    expect(versions.map((v) => [v.versionId, v.metrics.accuracy?.value])).toEqual([
      [s.stable, 2 / 3],
      [s.candidate, 1],
    ])
    expect(pending).toEqual({ predictions: 1, earlyLabels: 0 })
    const stranger = await (await t.workspace()).as('viewer')
    await expect(readQuality(stranger, { endpointId: s.endpoint })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('does not let a key for one endpoint label the predictions of another', async () => {
    const operator = await s.workspace.as('operator')
    const { secret } = await createIngestKey(operator, { endpointId: 'ep_other', kinds: ['label'] })
    await send(ingest.url, s.key, [prediction('guarded', { version: s.candidate, generation: 9 })])
    await send(ingest.url, secret, [label('guarded', false)])
    const filter = { endpointId: s.endpoint, versionId: s.candidate, generation: 9 }
    expect((await findQualityTotals(t.system.db, filter)).labelled).toBe(0)
    await send(ingest.url, s.key, [label('guarded', true)])
    expect(await findQualityTotals(t.system.db, filter)).toMatchObject({ labelled: 1, correct: 1 })
  })

  it('forgets predictions, labels and batches after their time, and not before', async () => {
    await send(ingest.url, s.key, [prediction('old'), label('nobody', true)], { 'x-batch-id': 'old-batch' })
    t.clock.advance(labelHorizonDays * dayMs - 1000)
    expect(await reconcileQuality(t.system)).toBe(0)
    expect(await reconcileTelemetry(t.system)).toBe(1)
    t.clock.advance(2000)
    expect(await reconcileQuality(t.system)).toBeGreaterThanOrEqual(2)
    const { pending } = await readQuality(await s.workspace.as('viewer'), { endpointId: s.endpoint })
    expect(pending).toEqual({ predictions: 0, earlyLabels: 0 })
    expect(await reconcileQuality(t.system)).toBe(0)
  })
})

describe('a prediction that a drift monitor cannot count', () => {
  it('is in quality all the same, with its label', async () => {
    const developer = await s.workspace.as('developer')
    const profile = buildProfile({ distance: Array.from({ length: 200 }, (_, i) => i) })
    const { id } = await createProfile(developer, { versionId: s.stable, source: 'made up', profile })
    await createMonitor(developer, { endpointId: s.endpoint, profileId: id, name: 'hourly' })
    const mistyped = prediction('mistyped', { generation: 5, features: { distance: 'far' } })
    const fitting = prediction('fitting', { generation: 5, features: { distance: 7 } })
    const { answer } = await send(ingest.url, s.key, [
      mistyped,
      fitting,
      label('mistyped', true),
      label('fitting', false),
    ])
    expect(answer).toMatchObject({ accepted: 4, rejected: [{ index: 0, path: 'features', partial: true }] })
    const totals = await findQualityTotals(t.system.db, { endpointId: s.endpoint, versionId: s.stable, generation: 5 })
    expect(totals).toMatchObject({ labelled: 2, correct: 1 })
    const monitors = await listMonitors(await s.workspace.as('viewer'))
    const counts = await selectCounts(t.system.db, monitors.items[0]!.id, new Date(0), new Date(at + 100 * dayMs))
    expect(
      counts
        .filter((c) => c.feature === 'distance')
        .flatMap((c) => c.counts)
        .reduce((a, b) => a + b, 0n),
    ).toBe(1n)
  })
})
