import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ctx } from '#lib/platform/context.ts'
import { testServing, type TestServing } from '../../tests/support/serving.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { listIncidents, readIncident } from './reads.ts'
import { resolveIncident } from './resolve-incident.ts'
import { countEntries, loseCursor, settle, tell, type TestEntry } from './testing/feed.ts'

let t: TestSystem
let ws: TestWorkspace
let serving: TestServing
let operator: Ctx

beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())
beforeEach(async () => {
  ws = await t.workspace()
  serving = await testServing(ws)
  operator = await ws.as('operator')
})

const rollback = (id: string, after: object = { state: 'rolling-back', phase: 'intent' }): TestEntry => ({
  action: 'rollout:roll-back',
  kind: 'rollout',
  id,
  name: `rollout ${id}`,
  after,
})
const slo = (state: string, more: object = {}): TestEntry => ({
  action: 'slo:evaluate',
  kind: 'slo',
  id: 'sl_1',
  outcome: 'found',
  after: { state, severity: 'page', endpointId: serving.endpointId, ...more },
})

const incidents = async () => (await listIncidents(operator)).items

describe('the feed', () => {
  it('opens one incident for a rollback and follows it until it is verified', async () => {
    await tell(ws, rollback('ro_1'))
    await settle(t)
    expect(await incidents()).toMatchObject([{ state: 'open', kind: 'rollback', rolloutId: 'ro_1', severity: 'sev2' }])

    await tell(ws, rollback('ro_1', { state: 'rolling-back', phase: 'applied', key: '1-set-weights' }))
    await tell(ws, { ...rollback('ro_1', { state: 'rolling-back', phase: 'not-verified' }), outcome: 'found' })
    await settle(t)
    expect(await incidents()).toMatchObject([{ state: 'open', severity: 'sev1' }])

    await tell(ws, rollback('ro_1', { state: 'rolling-back', phase: 'verified', key: '4-read-alias' }))
    await tell(ws, rollback('ro_1', { state: 'rolled-back', phase: 'applied' }))
    await settle(t)
    const [incident] = await incidents()
    expect(incident).toMatchObject({ state: 'mitigated', title: 'Rolled back and verified: rollout ro_1' })
    const { timeline } = await readIncident(operator, incident!.id)
    expect(timeline.map((e) => e.kind)).toEqual(['opened', 'entry', 'fired', 'fired', 'entry'])
    expect(await countEntries(t, ws, 'incident:open')).toBe(3)
  })

  it('has one incident while a cause fires again, and a new one when it fires after it was resolved', async () => {
    await tell(ws, slo('burning', { severity: 'ticket' }))
    await tell(ws, slo('burning'))
    await settle(t)
    expect(await incidents()).toMatchObject([
      { kind: 'slo', severity: 'sev2', endpoint: { id: serving.endpointId, name: 'flights' } },
    ])
    await tell(ws, slo('no-data'))
    await settle(t)
    expect((await incidents()).map((i) => i.state)).toEqual(['open'])
    await tell(ws, slo('ok'))
    await settle(t)
    expect(await incidents()).toMatchObject([{ state: 'resolved', resolvedBy: { name: 'Worker' } }])
    await tell(ws, slo('burning'))
    await settle(t)
    expect((await incidents()).map((i) => i.state)).toEqual(['open', 'resolved'])
  })

  it('resolves only what it opened: not what a person has resolved, and nothing of another workspace', async () => {
    await tell(ws, rollback('ro_2'))
    await settle(t)
    const [incident] = await incidents()
    await resolveIncident(operator, { incidentId: incident!.id, reason: 'looked at it' })
    await tell(ws, rollback('ro_2', { state: 'rolled-back' }))
    const other = await t.workspace()
    await tell(other, { action: 'rollout:promote', kind: 'rollout', id: 'ro_2', after: { state: 'succeeded' } })
    await settle(t)
    expect(await incidents()).toMatchObject([{ id: incident!.id, state: 'resolved', resolvedBy: { name: 'operator' } }])
    expect((await listIncidents(await other.as('viewer'))).items).toEqual([])
  })

  it('keeps one incident for all that drifts at an endpoint until nothing does', async () => {
    const { endpointId } = serving
    const drift = (feature: string, transition: string): TestEntry => ({
      action: 'drift:evaluate',
      kind: 'finding',
      id: `fi_${feature}`,
      outcome: 'found',
      after: { transition, level: 'act', feature, endpointId, endpointName: 'flights' },
      drill: 'storm',
    })
    await tell(ws, drift('distance', 'opened'))
    await tell(ws, drift('carrier', 'opened'))
    await settle(t)
    expect(await incidents()).toMatchObject([{ kind: 'drift', drill: 'storm', title: 'Drift at flights: carrier' }])
    await tell(ws, drift('carrier', 'resolved'))
    await settle(t)
    expect((await incidents()).map((i) => i.state)).toEqual(['resolved'])
  })

  it('writes the timeline of what happens at the same endpoint meanwhile, and nothing of other endpoints', async () => {
    await tell(ws, slo('burning'))
    const observed = { action: 'endpoint:observe' as const, kind: 'endpoint', outcome: 'found' as const }
    await tell(ws, { ...observed, id: serving.endpointId, after: { found: 'x' }, because: 'weights were put back' })
    await tell(ws, { ...observed, id: 'ep_other', after: { found: 'x' }, because: 'elsewhere' })
    await tell(ws, { ...observed, id: serving.endpointId, after: { state: 'degraded' }, because: 'server is down' })
    await settle(t)
    const [endpointIncident, sloIncident] = await incidents()
    expect(endpointIncident).toMatchObject({ kind: 'endpoint', title: `Endpoint degraded: ${serving.endpointId}` })
    const { timeline } = await readIncident(operator, sloIncident!.id)
    expect(timeline.map((e) => [e.kind, e.text]).slice(1)).toEqual([
      ['entry', 'weights were put back'],
      ['entry', 'server is down'],
    ])
  })

  it('shows what was done about the endpoint in the hour before', async () => {
    t.clock.advance(7_200_000)
    const advance = (because: string, endpointId: string): TestEntry => ({
      action: 'rollout:advance',
      kind: 'rollout',
      id: 'ro_3',
      because,
      after: { endpointId },
    })
    await tell(ws, advance('too early', serving.endpointId))
    t.clock.advance(3_600_001)
    await tell(ws, advance('to 25 %', serving.endpointId))
    await tell(ws, advance('of another endpoint', 'ep_other'))
    t.clock.advance(60_000)
    await tell(ws, slo('burning'))
    await settle(t)
    const [incident] = await incidents()
    const { changesBefore } = await readIncident(operator, incident!.id)
    expect(changesBefore).toMatchObject([{ because: 'to 25 %', action: 'rollout:advance', by: 'Worker' }])
  })

  it('opens nothing twice when its cursor is lost', async () => {
    t.clock.advance(1)
    await tell(ws, slo('burning'))
    await tell(ws, rollback('ro_4'))
    await settle(t)
    const before = await incidents()
    const [, incident] = before
    const { timeline } = await readIncident(operator, incident!.id)
    const opened = await countEntries(t, ws, 'incident:open')
    await loseCursor(t)
    await settle(t)
    expect(await incidents()).toEqual(before)
    expect((await readIncident(operator, incident!.id)).timeline).toEqual(timeline)
    expect(await countEntries(t, ws, 'incident:open')).toBe(opened)
  })
})
