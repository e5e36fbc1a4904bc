import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { monitorLog } from '#lib/audit/monitor.ts'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { listFindings } from '#lib/drift/reads.ts'
import { reconcileDrift } from '#lib/drift/reconcile.ts'
import { startIngest, type Ingest } from '#lib/ingest/server.ts'
import { makeSetting, send } from '#lib/ingest/testing/setting.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { listIncidents, readIncident } from './reads.ts'
import { settle } from './testing/feed.ts'

const hourMs = 3_600_000
const start = Date.parse('2026-01-05T00:00:00Z')
let t: TestSystem
let ingest: Ingest

beforeAll(async () => {
  t = await testSystem()
  ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

it('a drift monitor that really finds something opens an incident, resolved when nothing drifts any more', async () => {
  const { workspace, stable, endpoint, key } = await makeSetting(t)
  const developer = await workspace.as('developer')
  const profile = buildProfile({ distance: Array.from({ length: 4000 }, (_, i) => (i * 37) % 1000) })
  const { id: profileId } = await createProfile(developer, { versionId: stable, source: 'January', profile })
  await createMonitor(developer, { endpointId: endpoint, profileId, name: 'hourly', latenessSeconds: 60 })
  const serve = async (hours: readonly number[], shift: number) => {
    for (const hour of hours) {
      const events = Array.from({ length: 400 }, (_, i) => ({
        type: 'prediction',
        id: `p${hour}-${i}`,
        time: start + hour * hourMs + i * 9000,
        endpoint,
        version: stable,
        generation: 1,
        features: { distance: ((i * 5 * 37) % 1000) + shift },
      }))
      expect((await send(ingest.url, key, events)).answer).toEqual({ accepted: 400, rejected: [] })
    }
    await reconcileDrift(t.system, 'test')
    await settle(t)
  }
  const operator = await workspace.as('operator')
  await serve([0, 1, 2], 0)
  expect((await listIncidents(operator)).items).toEqual([])
  await serve([3, 4, 5, 6, 7], 500)
  const [finding] = (await listFindings(operator, { endpointId: endpoint, state: 'open' })).items
  expect(finding).toMatchObject({ feature: 'distance', level: 'act' })
  const { items } = await listIncidents(operator)
  expect(items).toMatchObject([{ state: 'open', kind: 'drift', severity: 'sev3', title: 'Drift at flights: distance' }])
  await serve([8, 9, 10, 11, 12, 13, 14], 0)
  expect(await readIncident(operator, items[0]!.id)).toMatchObject({
    state: 'resolved',
    endpoint: { id: endpoint },
    because: expect.stringMatching(/^distance: PSI/),
    timeline: expect.arrayContaining([expect.objectContaining({ kind: 'resolved' })]),
  })
})

it('the monitor of the log opens an incident in the installation’s workspace that only a person ends', async () => {
  const owner = new pg.Client({ connectionString: t.databaseUrl })
  await owner.connect()
  const watch = async () => {
    t.clock.advance(60_000)
    await monitorLog(t.system, 'test')
    await settle(t)
    return (await listIncidents(systemCtx(t.system))).items
  }
  try {
    while ((await sequenceEntries(t.system)) > 0);
    expect(await watch()).toEqual([])
    // As somebody with the owner's rights could, and take back again.
    await owner.query('set session_replication_role = replica')
    const alter = `update audit_entry set digest = reverse(digest) where id = (select entry_id from audit_leaf where index = 5)`
    expect((await owner.query(alter)).rowCount).toBe(1)
    const opened = await watch()
    expect(opened).toMatchObject([{ state: 'open', kind: 'audit-log', severity: 'sev1' }])
    await owner.query(alter)
    const later = await watch()
    expect(later.map(({ id, state }) => ({ id, state }))).toEqual([{ id: opened[0]!.id, state: 'open' }])
  } finally {
    await owner.end()
  }
})
