import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bindRole } from '#lib/members/bind-role.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testServing, type TestServing } from '../../tests/support/serving.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { acknowledgeIncident } from './acknowledge-incident.ts'
import { addNote } from './add-note.ts'
import { can } from './model.ts'
import { openIncident } from './open-incident.ts'
import { listIncidents, readIncident, readIncidentFigures } from './reads.ts'
import { resolveIncident } from './resolve-incident.ts'
import { settle, tell } from './testing/feed.ts'

let t: TestSystem
let ws: TestWorkspace
let serving: TestServing
let operator: Ctx
let viewer: Ctx

beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())
beforeEach(async () => {
  ws = await t.workspace()
  serving = await testServing(ws)
  operator = await ws.as('operator')
  viewer = await ws.as('viewer')
})

const open = (ctx: Ctx = operator) =>
  openIncident(ctx, {
    title: 'Users report wrong delays',
    severity: 'sev2',
    endpointId: serving.endpointId,
    reason: 'three calls in ten minutes',
  })

async function entries(incidentId: string) {
  const rows = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.kind', 'e.outcome', 'd.content'])
    .where('e.resource_id', '=', incidentId)
    .orderBy('e.xid')
    .execute()
  return rows.map((r) => ({ ...(JSON.parse(r.content ?? '{}') as { after?: unknown; because: string }), ...r }))
}

describe('the life of an incident', () => {
  it('is opened, acknowledged, noted and resolved by people, each with an entry and in the timeline', async () => {
    const { id } = await open()
    t.clock.advance(60_000)
    expect(await acknowledgeIncident(operator, { incidentId: id })).toMatchObject({ state: 'acknowledged' })
    await addNote(await ws.as('developer'), { incidentId: id, text: 'The feed of arrivals is late.' })
    t.clock.advance(240_000)
    await resolveIncident(operator, { incidentId: id, reason: 'the feed is back' })
    const detail = await readIncident(viewer, id)
    expect(detail).toMatchObject({
      state: 'resolved',
      kind: 'person',
      endpoint: { name: 'flights' },
      openedBy: { name: 'operator' },
      acknowledgedBy: { name: 'operator' },
    })
    expect(detail.timeline.map((e) => [e.kind, e.by])).toEqual([
      ['opened', 'operator'],
      ['acknowledged', 'operator'],
      ['note', 'developer'],
      ['resolved', 'operator'],
    ])
    expect((await entries(id)).map((e) => [e.kind, e.outcome])).toEqual([
      ['incident:open', 'done'],
      ['incident:acknowledge', 'done'],
      ['incident:note', 'done'],
      ['incident:resolve', 'done'],
    ])
  })

  it('shows what the caller may do, from the rules that the verbs enforce', async () => {
    const { id } = await open()
    expect((await readIncident(operator, id)).mine).toEqual({
      acknowledge: { allowed: true },
      resolve: { allowed: true },
      note: { allowed: true },
    })
    expect((await readIncident(viewer, id)).mine.acknowledge).toMatchObject({ allowed: false })
    await acknowledgeIncident(operator, { incidentId: id })
    expect((await readIncident(operator, id)).mine.acknowledge).toEqual({
      allowed: false,
      because: 'it is acknowledged already',
    })
  })

  it('stays mitigated when it is acknowledged after the harm was over', async () => {
    const rollback = (after: object) =>
      tell(ws, { action: 'rollout:roll-back', kind: 'rollout', id: 'ro_1', after, drill: 'storm' })
    await rollback({ phase: 'intent', state: 'rolling-back' })
    await rollback({ state: 'rolled-back' })
    await settle(t)
    const [incident] = (await listIncidents(operator, { unresolved: true })).items
    expect(await acknowledgeIncident(operator, { incidentId: incident!.id })).toMatchObject({ state: 'mitigated' })
    await expect(acknowledgeIncident(operator, { incidentId: incident!.id })).rejects.toThrow(/acknowledged already/)
  })
})

describe('refusals', () => {
  it.each<[string, (ctx: Ctx, id: string) => Promise<unknown>, string]>([
    ['open', (ctx) => open(ctx), 'incident:open'],
    ['note', (ctx, incidentId) => addNote(ctx, { incidentId, text: 'hello' }), 'incident:note'],
    ['acknowledge', (ctx, incidentId) => acknowledgeIncident(ctx, { incidentId }), 'incident:acknowledge'],
    ['resolve', (ctx, incidentId) => resolveIncident(ctx, { incidentId, reason: 'over' }), 'incident:resolve'],
  ])('%s: another workspace finds nothing, a viewer is refused on record', async (_, act, action) => {
    const { id } = await open()
    const stranger = await (await t.workspace()).as('operator')
    await expect(act(stranger, id)).rejects.toMatchObject({ code: 'not-found' })
    await expect(act(viewer, id)).rejects.toMatchObject({ code: 'forbidden' })
    const denied = await t.system.db
      .selectFrom('audit_entry')
      .select('kind')
      .where('workspace_id', '=', ws.id)
      .where('outcome', '=', 'denied')
      .execute()
    expect(denied).toEqual([{ kind: action }])
    expect(await readIncident(operator, id)).toMatchObject({ state: 'open' })
  })

  it('a stale state is a conflict, and changes nothing', async () => {
    const { id } = await open()
    await resolveIncident(operator, { incidentId: id, reason: 'nothing was wrong' })
    const before = await readIncident(operator, id)
    t.clock.advance(1000)
    await expect(resolveIncident(operator, { incidentId: id, reason: 'again' })).rejects.toMatchObject({
      code: 'conflict',
    })
    await expect(acknowledgeIncident(operator, { incidentId: id })).rejects.toMatchObject({ code: 'conflict' })
    expect(await readIncident(operator, id)).toEqual(before)
  })

  it('two people who resolve at once: one does, one is told', async () => {
    const { id } = await open()
    const both = await Promise.allSettled(
      ['one of us', 'the other'].map((reason) => resolveIncident(operator, { incidentId: id, reason })),
    )
    expect(both.map((b) => b.status).sort((a, b) => a.localeCompare(b))).toEqual(['fulfilled', 'rejected'])
    expect((await entries(id)).filter((e) => e.kind === 'incident:resolve')).toHaveLength(1)
  })

  it.each<[string, object, string]>([
    ['a severity that is none', { severity: 'sev9' }, 'severity'],
    ['a title that is empty', { title: ' ' }, 'title'],
    ['a field that is unknown', { color: 'red' }, 'color'],
  ])('%s is invalid and named', async (_, wrong, path) => {
    const input = { title: 'A title', severity: 'sev3' as const, reason: 'because', ...wrong }
    await expect(openIncident(operator, input)).rejects.toThrow(path)
  })

  it('a role in one environment reaches the incidents of its endpoints only', async () => {
    const person = { issuer: 'https://idp.test', subject: `${ws.name}-narrow`, name: 'narrow' }
    const environment = 'flights-staging'
    const { identityId } = await bindRole(systemCtx(t.system, ws.id), { ...person, role: 'operator', environment })
    const narrow: Ctx = { ...operator, actor: { ...operator.actor, ...person }, actorId: identityId }
    const { id } = await open()
    expect(await acknowledgeIncident(narrow, { incidentId: id })).toMatchObject({ state: 'acknowledged' })
    const general = await openIncident(operator, { title: 'All is slow', severity: 'sev1', reason: 'the network' })
    await expect(acknowledgeIncident(narrow, { incidentId: general.id })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('reads', () => {
  it('counts drills apart and gives mean times of those that have one', async () => {
    const from = t.clock.now()
    const first = await open()
    const second = await open()
    await tell(ws, {
      action: 'rollout:roll-back',
      kind: 'rollout',
      id: 'ro_2',
      after: { phase: 'intent' },
      drill: 'storm',
    })
    await settle(t)
    t.clock.advance(60_000)
    await acknowledgeIncident(operator, { incidentId: first.id })
    t.clock.advance(120_000)
    await acknowledgeIncident(operator, { incidentId: second.id })
    await resolveIncident(operator, { incidentId: second.id, reason: 'was nothing' })
    const to = new Date(t.clock.now().getTime() + 1)
    expect(await readIncidentFigures(viewer, { from, to })).toEqual({
      opened: 2,
      unresolved: 1,
      drills: 1,
      mttaSeconds: 120,
      mttrSeconds: 180,
    })
    const none = await readIncidentFigures(viewer, { from: to, to: new Date(to.getTime() + 1) })
    expect(none).toMatchObject({ opened: 0, mttaSeconds: null, mttrSeconds: null })
  })

  it('gives lists page by page, newest first, to their own workspace alone', async () => {
    const ids: string[] = []
    for (let i = 0; i < 3; i++) {
      t.clock.advance(1)
      ids.unshift((await open()).id)
    }
    const page = await listIncidents(viewer, { limit: 2 })
    expect(page.items.map((i) => i.id)).toEqual(ids.slice(0, 2))
    const rest = await listIncidents(viewer, { limit: 2, cursor: page.nextCursor ?? undefined })
    expect(rest).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null })
    const stranger = await (await t.workspace()).as('viewer')
    expect((await listIncidents(stranger)).items).toEqual([])
    await expect(readIncident(stranger, ids[0]!)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('has a table of states in which what is resolved stays so', () => {
    for (const state of ['open', 'acknowledged', 'mitigated'] as const)
      expect(can.resolve({ state }).allowed).toBe(true)
    expect(can.resolve({ state: 'resolved' })).toEqual({ allowed: false, because: 'it is resolved' })
    expect(can.acknowledge({ state: 'resolved', acknowledgedAt: null }).allowed).toBe(false)
  })
})
