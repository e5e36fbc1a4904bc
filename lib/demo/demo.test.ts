import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reconcileEndpoints } from '#lib/endpoints/reconcile.ts'
import { readEndpoint } from '#lib/endpoints/reads.ts'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { ensurePersonaWorkspace } from '#lib/members/ensure-persona-workspace.ts'
import { findPersona, workspacesOf } from '#lib/members/reads.ts'
import { verifyIngestKey } from '#lib/members/verify-ingest-key.ts'
import { listServing } from '#lib/models/reads.ts'
import { currentDrill } from '#lib/platform/drill.ts'
import { listRollouts } from '#lib/rollouts/reads.ts'
import { startRollout } from '#lib/rollouts/start-rollout.ts'
import { storySystem, tellStory } from '#lib/rollouts/testing/story.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { TestSystem } from '../../tests/support/system.ts'
import { advanceDemo } from './advance-demo.ts'
import { controlDemo } from './control-demo.ts'
import { openDemo } from './open-demo.ts'
import { readDemo } from './reads.ts'
import { removeDemo } from './remove-demo.ts'

let t: TestSystem
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

const entries = (ctx: Ctx) =>
  t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.outcome', 'd.content'])
    .where('e.workspace_id', '=', ctx.workspaceId)
    .where('e.kind', '=', 'demo:control')
    .orderBy('e.id')
    .execute()

async function withDemo() {
  const ws = await t.workspace()
  const operator = await ws.as('operator')
  await openDemo(t.system, ws.id)
  return { ws, operator }
}

describe('the demonstration', () => {
  it('is read by whoever may read the workspace, and is null where there is none', async () => {
    const ws = await t.workspace()
    expect(await readDemo(await ws.as('viewer'))).toBeNull()
    await openDemo(t.system, ws.id)
    await advanceDemo(t.system, ws.id, { phase: 'days', positionMs: Date.parse('2001-04-28T03:00:00Z') })
    await openDemo(t.system, ws.id)
    expect(await readDemo(await ws.as('viewer'))).toMatchObject({
      phase: 'days',
      eventDay: '2001-04-28',
      paused: false,
      speed: 1,
      removed: null,
      mine: { control: { allowed: true } },
    })
  })

  it('is paused and paced by an operator, with an entry each, and its progress does not undo that', async () => {
    const { ws, operator } = await withDemo()
    expect(await controlDemo(operator, { speed: 4 })).toEqual({ paused: false, speed: 4 })
    await advanceDemo(t.system, ws.id, { phase: 'v2', positionMs: 1 })
    expect(await controlDemo(operator, { paused: true })).toEqual({ paused: true, speed: 4 })
    expect(await readDemo(operator)).toMatchObject({ phase: 'v2', paused: true, speed: 4 })
    const told = (await entries(operator)).map((e) => (JSON.parse(e.content ?? '') as { after: unknown }).after)
    expect(told).toEqual([
      { paused: false, speed: 4 },
      { paused: true, speed: 4 },
    ])
  })

  it('is not controlled without the role, nor with a wish that is none, nor where there is none', async () => {
    const { ws, operator } = await withDemo()
    await expect(controlDemo(await ws.as('viewer'), { paused: true })).rejects.toMatchObject({ code: 'forbidden' })
    expect((await entries(operator)).map((e) => e.outcome)).toEqual(['denied'])
    for (const wish of [{}, { speed: 5 }, { speed: 0.1 }, { paused: 'yes' }])
      await expect(controlDemo(operator, wish as never)).rejects.toMatchObject({ code: 'invalid' })
    const elsewhere = await (await t.workspace()).as('operator')
    await expect(controlDemo(elsewhere, { paused: true })).rejects.toMatchObject({ code: 'not-found' })
    await advanceDemo(t.system, ws.id, { finished: true })
    await expect(controlDemo(operator, { paused: true })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('labels its drill for those who find something', async () => {
    const { ws } = await withDemo()
    expect(await currentDrill(t.system.db, ws.id)).toBeUndefined()
    const since = '2026-03-02T09:00:00.000Z'
    await advanceDemo(t.system, ws.id, { drill: { label: 'Drill: broken feed', since } })
    expect(await currentDrill(t.system.db, ws.id)).toEqual({ label: 'Drill: broken feed', since: new Date(since) })
    await advanceDemo(t.system, ws.id, { drill: null })
    expect(await currentDrill(t.system.db, ws.id)).toBeUndefined()
  })
})

describe('removing the demonstration', () => {
  it('ends its rollout, its traffic and its servers, keeps what is recorded, and happens once', async () => {
    const story = await tellStory(t)
    const { operator, endpointId, candidate, ws } = story
    await openDemo(t.system, ws.id)
    await startRollout(operator, { endpointId, versionId: candidate, reason: 'under way when it is removed' })
    const label = await createIngestKey(operator, { kinds: ['label'] })
    const elsewhere = await createIngestKey(await (await t.workspace()).as('operator'), { kinds: ['label'] })
    const removed = await removeDemo(operator, { reason: 'seen enough' })
    expect(removed).toMatchObject({ endpoints: ['delays'], rollouts: 1, roles: 0, ingestKeys: [label.id] })
    await expect(verifyIngestKey(t.system, `Bearer ${label.secret}`)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(await verifyIngestKey(t.system, `Bearer ${elsewhere.secret}`)).toMatchObject({ keyId: elsewhere.id })
    for (let turn = 0; turn < 20 && (await reconcileEndpoints(t.system, 'test')) > 0; turn += 1);
    expect(t.plane.endpoints.has(endpointId)).toBe(false)
    expect([...t.servers.servers.keys()].filter((key) => key.includes(endpointId))).toEqual([])
    expect(await readEndpoint(operator, endpointId)).toMatchObject({ state: 'empty', stable: null, intended: [] })
    expect(await listServing(operator, { endpointId })).toEqual([])
    expect(await listServing(operator, { endpointId, history: true })).toHaveLength(1)
    expect((await listRollouts(operator, { endpointId })).items.map((r) => r.state)).toEqual(['failed'])
    expect(await readDemo(operator)).toMatchObject({ removed: { reason: 'seen enough' } })
    await expect(removeDemo(operator, { reason: 'once more' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(controlDemo(operator, { paused: true })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('takes the personas their roles there, and a later start does not give them back', async () => {
    const workspace = { name: 'flights', title: 'Flight delays (demo)', demo: true }
    const id = await ensurePersonaWorkspace(t.system, workspace)
    expect(await ensurePersonaWorkspace(t.system, workspace)).toBe(id)
    const olu = await findPersona(t.system, 'olu')
    const namesOf = async () => (await workspacesOf(t.system, olu!.id)).map((w) => w.name)
    expect(await namesOf()).toEqual(['flights'])
    await openDemo(t.system, id)
    const actor = { issuer: olu!.issuer, subject: 'olu', kind: 'person' as const, name: 'Olu', via: 'console' as const }
    const ctx: Ctx = { ...t.system, actor, actorId: olu!.id, workspaceId: id, requestId: 'req_1' }
    expect((await removeDemo(ctx, { reason: 'seen enough' })).roles).toBe(7)
    expect(await namesOf()).toEqual([])
    await ensurePersonaWorkspace(t.system, workspace)
    expect(await namesOf()).toEqual([])
  })
})
