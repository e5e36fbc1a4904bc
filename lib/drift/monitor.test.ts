import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from 'kysely'
import { json } from '#lib/platform/db/schema.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { startIngest, type Ingest } from '#lib/ingest/server.ts'
import { makeSetting, send, type Setting } from '#lib/ingest/testing/setting.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { acknowledgeFinding } from './acknowledge-finding.ts'
import { createMonitor } from './create-monitor.ts'
import { createProfile } from './create-profile.ts'
import { evaluateWindows, type Evaluation } from './evaluation.ts'
import type { CreateMonitorInput } from './model.ts'
import type { DriftPolicy } from './policy.ts'
import { buildProfile, profileDigest } from './profile.ts'
import { selectCounts, selectMonitor, selectResults } from './queries-monitors.ts'
import { findOpenFindings, listFindings, listMonitors, readFinding, readMonitor, readPsiSeries } from './reads.ts'
import { reconcileDrift } from './reconcile.ts'

const hourMs = 3_600_000
const start = Date.parse('2026-01-05T00:00:00Z')
const perHour = 400
/** Two features of the prediction, the score, and the delay that becomes known with the label. */
const profile = buildProfile({
  distance: Array.from({ length: 4000 }, (_, i) => (i * 37) % 1000),
  carrier: Array.from({ length: 4000 }, (_, i) => ['AA', 'DL', 'UA', 'WN'][i % 4]!),
  score: Array.from({ length: 4000 }, (_, i) => ((i * 53) % 1000) / 1000),
  delay: Array.from({ length: 4000 }, (_, i) => ((i * 71) % 1000) - 100),
})

let t: TestSystem
let s: Setting
let ingest: Ingest
let monitorId: string
let sent = 0

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  ingest = await startIngest(t.system, { port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await ingest.stop()
  await t.close()
})

/** An hour of predictions; with `shift` the distance moves. Every row of the reference is met equally often. */
async function sendHour(hour: number, shift = 0) {
  const events = Array.from({ length: perHour }, (_, i) => ({
    type: 'prediction',
    id: `p${sent++}`,
    time: start + hour * hourMs + i * 9000,
    endpoint: s.endpoint,
    version: s.stable,
    generation: 1,
    features: { distance: ((i * 5 * 37) % 1000) + shift, carrier: ['AA', 'DL', 'UA', 'WN'][i % 4] },
    score: ((i * 53) % 1000) / 1000,
  }))
  expect((await send(ingest.url, s.key, events)).answer).toEqual({ accepted: perHour, rejected: [] })
}

const turn = () => reconcileDrift(t.system, 'worker-1')

describe('profiles and monitors', () => {
  it('stores a profile under its digest, once', async () => {
    const developer = await s.workspace.as('developer')
    const input = { versionId: s.stable, source: 'January', profile }
    const wrong = createProfile(developer, { ...input, digest: `sha256:${'0'.repeat(64)}` })
    await expect(wrong).rejects.toMatchObject({ code: 'invalid', details: { errors: [{ path: 'digest' }] } })
    const stored = await createProfile(developer, { ...input, digest: `sha256:${profileDigest(profile)}` })
    expect(stored.rows).toBe(4000)
    await expect(createProfile(developer, input)).rejects.toMatchObject({ code: 'conflict' })
    await expect(createProfile(await s.workspace.as('viewer'), input)).rejects.toMatchObject({ code: 'forbidden' })
    const fields = { endpointId: s.endpoint, profileId: stored.id, name: 'hourly', labelFeatures: ['delay'] }
    const made = await createMonitor(developer, { ...fields, latenessSeconds: 60 })
    monitorId = made.id
    const bad: [CreateMonitorInput, string][] = [
      [{ ...fields, name: 'other', policy: 'none' }, 'invalid'],
      [{ ...fields, name: 'other', features: ['nothing'] }, 'invalid'],
      [{ ...fields, name: 'other', profileId: 'pf_none' }, 'invalid'],
      [{ ...fields, name: 'other', endpointId: 'ep_none' }, 'not-found'],
      [fields, 'conflict'],
    ]
    for (const [input, code] of bad) await expect(createMonitor(developer, input)).rejects.toMatchObject({ code })
    const elsewhere = await (await t.workspace()).as('developer')
    await expect(createMonitor(elsewhere, fields)).rejects.toMatchObject({ code: 'not-found' })
    await expect(readMonitor(elsewhere, monitorId)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('says of events whose features do not fit the profile that drift does not count them', async () => {
    const event = {
      type: 'prediction',
      id: 'x',
      time: start,
      endpoint: s.endpoint,
      version: s.stable,
      generation: 1,
      features: { distance: 'far' },
    }
    const { status, answer } = await send(ingest.url, s.key, [event])
    expect(status).toBe(200)
    const message = 'feature "distance": expected a number or null, got the text "far"'
    expect(answer).toEqual({ accepted: 1, rejected: [{ index: 0, path: 'features', message, partial: true }] })
    expect(await selectCounts(t.system.db, monitorId, new Date(0), new Date(start + 100 * hourMs))).toEqual([])
  })
})

describe('reconcileDrift', () => {
  it('waits for a window to close, then evaluates it', async () => {
    await sendHour(0)
    await turn()
    expect((await readMonitor(await s.workspace.as('viewer'), monitorId)).evaluatedUntil).toBeNull()
    await sendHour(1)
    expect(await turn()).toBe(1)
    const monitor = await readMonitor(await s.workspace.as('viewer'), monitorId)
    expect(monitor.evaluatedUntil).toEqual(new Date(start + hourMs))
    expect(Object.fromEntries(monitor.features.map((f) => [f.feature, f.verdict]))).toEqual({
      carrier: 'ok',
      delay: 'no-data',
      distance: 'ok',
      score: 'ok',
    })
    expect(await turn()).toBe(0)
  })

  it('opens one finding, keeps it up to date, labels the drill, and resolves it', async () => {
    await housekeep(t.system, 'demo', (tx) =>
      tx
        .insertInto('demo_state')
        .values({
          workspace_id: s.workspace.id,
          state: json({ drill: { label: 'renamed unit', fromMs: start + 3 * hourMs } }),
          updated_at: t.clock.now(),
        })
        .execute(),
    )
    for (let hour = 2; hour <= 7; hour++) await sendHour(hour, hour >= 3 ? 500 : 0)
    await turn()
    const viewer = await s.workspace.as('viewer')
    const open = await listFindings(viewer, { endpointId: s.endpoint, state: 'open' })
    expect(open.items).toMatchObject([
      { feature: 'distance', level: 'act', drill: 'renamed unit', since: new Date(start + 3 * hourMs) },
    ])
    const { id } = open.items[0]!
    expect(open.items[0]!.lastWindowAt).toEqual(new Date(start + 7 * hourMs))
    expect(await findOpenFindings(t.system.db, { endpointId: s.endpoint })).toMatchObject([{ id, level: 'act' }])
    const finding = await readFinding(viewer, id)
    const psi = finding.bins.reduce((sum, bin) => sum + bin.contribution, 0)
    expect(psi).toBeCloseTo(finding.figures.psi, 12)
    expect(finding.bins.reduce((sum, bin) => sum + bin.currentCount, 0)).toBe(finding.figures.rows)
    const operator = await s.workspace.as('operator')
    await acknowledgeFinding(operator, { findingId: id, reason: 'looking at it' })
    const again = acknowledgeFinding(operator, { findingId: id, reason: 'looking at it' })
    await expect(again).rejects.toMatchObject({ code: 'conflict' })
    for (let hour = 8; hour <= 14; hour++) await sendHour(hour)
    await turn()
    expect(await findOpenFindings(t.system.db, { endpointId: s.endpoint })).toEqual([])
    expect((await readFinding(viewer, id)).state).toBe('resolved')
    const { rows } = await sql<{ kind: string; outcome: string; content: string }>`
      select kind, outcome, content from audit_entry e join audit_detail d on d.entry_id = e.id
      where resource_id = ${id} order by e.id`.execute(t.system.db)
    expect(rows.map((row) => [row.kind, row.outcome])).toEqual([
      ['drift:evaluate', 'found'],
      ['finding:acknowledge', 'done'],
      ['drift:evaluate', 'found'],
    ])
    const told = rows.map((row) => JSON.parse(row.content) as { after: Record<string, unknown>; drill: string })
    expect(told[0]).toMatchObject({ drill: 'renamed unit', after: { transition: 'opened', feature: 'distance' } })
    expect(told[2]!.after).toMatchObject({ transition: 'resolved' })
    const series = await readPsiSeries(viewer, {
      monitorId,
      feature: 'distance',
      from: new Date(start),
      to: new Date(start + 15 * hourMs),
    })
    expect(series.map((point) => point.rows)).toEqual(Array.from({ length: 15 }, () => perHour))
    expect(series.map((point) => point.psi! > 0.1)).toEqual(series.map((_, hour) => hour >= 3 && hour <= 7))
    expect((await listMonitors(viewer)).items).toHaveLength(1)
  })

  it('counts what comes with labels in the window of the prediction', async () => {
    const labels = Array.from({ length: perHour }, (_, i) => ({
      type: 'label',
      predictionId: `p${i}`,
      time: start + 5 * hourMs,
      label: i % 2 === 0,
      features: { delay: ((i * 71) % 1000) - 100 },
    }))
    await send(ingest.url, s.key, labels)
    await send(ingest.url, s.key, labels)
    const rows = await selectCounts(t.system.db, monitorId, new Date(0), new Date(start + 100 * hourMs))
    const delays = rows.filter((row) => row.feature === 'delay')
    expect(delays.map((row) => row.windowAt)).toEqual([new Date(start)])
    expect(delays[0]!.counts.reduce((sum, n) => sum + n, 0n)).toBe(BigInt(perHour))
  })

  it('decides again the same from what it stored', async () => {
    const results = await selectResults(t.system.db, monitorId, 100)
    expect(results).toHaveLength(14)
    const monitor = (await selectMonitor(t.system.db, monitorId))!
    const rows = await selectCounts(t.system.db, monitorId, new Date(0), new Date(start + 100 * hourMs))
    // The labels of the test above came late: without them the counts are what the evaluations saw.
    const counts = rows
      .filter((row) => row.feature !== 'delay')
      .map((row) => ({ ...row, windowAtMs: row.windowAt.getTime(), counts: row.counts.map(Number) }))
    for (const { result } of results) {
      const stored = result as Evaluation
      const replayed = evaluateWindows({
        ...stored,
        profile,
        policy: monitor.policy as DriftPolicy,
        windowMs: hourMs,
        counts,
      })
      expect(JSON.parse(json(replayed))).toEqual(stored)
    }
  })
})
