import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { json } from '#lib/platform/db/schema.ts'
import { addFacts, testServing, type TestFact, type TestServing } from '../../tests/support/serving.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { createSlo } from './create-slo.ts'
import { loadSloPolicies } from './load-policies.ts'
import { updateStatus } from './queries.ts'
import { listSlos, readBurnDown, readSlo } from './reads.ts'
import { reconcileSlos } from './reconcile.ts'

let t: TestSystem
let ws: TestWorkspace
let serving: TestServing
let operator: Ctx

beforeAll(async () => {
  await loadSloPolicies()
  t = await testSystem()
})
afterAll(() => t.close())

async function fresh(): Promise<void> {
  ws = await t.workspace()
  serving = await testServing(ws)
  operator = await ws.as('operator')
}

const facts = (list: (Omit<TestFact, 'versionId' | 'at'> & { agoSeconds: number })[]) =>
  addFacts(
    t.system,
    { workspaceId: ws.id, endpointId: serving.endpointId },
    list.map(({ agoSeconds, ...f }) => ({
      ...f,
      versionId: serving.versionIds[0],
      at: new Date(t.clock.now().getTime() - agoSeconds * 1000),
    })),
  )

async function evaluate(): Promise<void> {
  t.clock.advance(5000)
  for (let i = 0; i < 5 && (await reconcileSlos(t.system, 'test')) > 0; i++);
}

async function entries(kind: string) {
  const rows = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.outcome', 'd.content'])
    .where('e.workspace_id', '=', ws.id)
    .where('e.kind', '=', kind)
    .orderBy('e.xid')
    .execute()
  return rows.map((r) => ({
    outcome: r.outcome,
    ...(JSON.parse(r.content ?? '{}') as { after?: unknown; drill?: string; because: string }),
  }))
}

const demo = (objective: string) => ({ endpointId: serving.endpointId, policy: 'demo', objective })

describe('createSlo', () => {
  beforeAll(fresh)

  it('keeps the objective with the digest of its policy, and an entry', async () => {
    const created = await createSlo(operator, demo('latency'))
    const view = await readSlo(operator, created.id)
    expect(view).toMatchObject({
      name: 'latency',
      thresholdMs: 250,
      target: 0.95,
      windowSeconds: 3600,
      state: 'no-data',
    })
    expect(view.because).toBe('It was not evaluated yet.')
    expect(await entries('slo:create')).toMatchObject([{ outcome: 'done', after: { objective: { thresholdMs: 250 } } }])
  })

  it('refuses another workspace, a missing role, unknown names and a second one of the name', async () => {
    const stranger = await (await t.workspace()).as('operator')
    await expect(createSlo(stranger, demo('latency'))).rejects.toMatchObject({ code: 'not-found' })
    await expect(createSlo(await ws.as('viewer'), demo('latency'))).rejects.toMatchObject({ code: 'forbidden' })
    expect((await entries('slo:create')).map((e) => e.outcome)).toEqual(['done', 'denied'])
    await expect(createSlo(operator, { ...demo('latency'), policy: 'none' })).rejects.toThrow(/policy: must be one of/)
    await expect(createSlo(operator, demo('freshness'))).rejects.toThrow(/objective: must be one of availability/)
    await expect(createSlo(operator, demo('latency'))).rejects.toMatchObject({ code: 'conflict' })
  })

  it('is not shown to another workspace', async () => {
    const [slo] = (await listSlos(operator)).items
    const stranger = await (await t.workspace()).as('operator')
    await expect(readSlo(stranger, slo!.id)).rejects.toMatchObject({ code: 'not-found' })
    expect((await listSlos(stranger)).items).toEqual([])
  })
})

describe('reconcileSlos', () => {
  beforeAll(fresh)

  it('goes from no data to ok to burning and back, each with an entry that has the rates', async () => {
    const { id } = await createSlo(operator, demo('availability'))
    await evaluate()
    expect(await readSlo(operator, id)).toMatchObject({ state: 'no-data', severity: null })
    expect(await entries('slo:evaluate')).toEqual([])

    await facts([{ agoSeconds: 60, requests: 1000 }])
    await evaluate()
    expect(await readSlo(operator, id)).toMatchObject({ state: 'ok', status: { budget: { sli: 1, left: 1 } } })

    await facts([{ agoSeconds: 20, requests: 500, errors: 250 }])
    await evaluate()
    const burning = await readSlo(operator, id)
    expect(burning).toMatchObject({ state: 'burning', severity: 'page' })
    // 250 bad of 1,500 over the hour, of which 1 % are allowed.
    expect(burning.status?.budget?.left).toBeCloseTo(1 - 250 / 15, 9)
    expect((await listSlos(operator, { state: 'burning' })).items.map((s) => s.id)).toEqual([id])

    t.clock.advance(1_200_000)
    await facts([{ agoSeconds: 15, requests: 1000 }])
    await evaluate()
    expect(await readSlo(operator, id)).toMatchObject({ state: 'ok', severity: null })
    const found = await entries('slo:evaluate')
    expect(found.map((e) => (e.after as { state: string }).state)).toEqual(['ok', 'burning', 'ok'])
    expect(found.every((e) => e.outcome === 'found')).toBe(true)
    expect(found[1]!.after).toMatchObject({ endpointId: serving.endpointId, severity: 'page' })
    expect((found[1]!.after as { burnRates: unknown[] }).burnRates).toHaveLength(5)
  })

  it('writes no second entry for the same state, and marks what a drill caused', async () => {
    await housekeep(t.system, 'demo', (tx) =>
      tx
        .insertInto('demo_state')
        .values({
          workspace_id: ws.id,
          state: json({ drill: { label: 'slow-servers', since: t.clock.now() } }),
          updated_at: t.clock.now(),
        })
        .execute(),
    )
    await facts([{ agoSeconds: 10, requests: 500, errors: 400 }])
    await evaluate()
    await evaluate()
    const found = await entries('slo:evaluate')
    expect(found).toHaveLength(4)
    expect(found.at(-1)).toMatchObject({ drill: 'slow-servers', after: { state: 'burning' } })
  })

  it('is shared by workers: each due objective is evaluated once', async () => {
    await housekeep(t.system, 'lease', (tx) => tx.updateTable('slo').set({ due_at: t.clock.now() }).execute())
    const turns = await Promise.all([reconcileSlos(t.system, 'one'), reconcileSlos(t.system, 'two')])
    expect(turns.reduce((a, b) => a + b, 0)).toBe(await countSlos())
    const [slo] = (await listSlos(operator)).items
    expect((await readSlo(operator, slo!.id)).evaluatedAt).toEqual(t.clock.now())
  })

  it('refuses a worker whose claim was taken over', async () => {
    const [slo] = (await listSlos(operator)).items
    const { fence } = await t.system.db
      .selectFrom('slo')
      .select('fence')
      .where('id', '=', slo!.id)
      .executeTakeFirstOrThrow()
    const stale = { id: slo!.id, fence: fence - 1n, attempts: 0 }
    const written = await housekeep(t.system, 'observation', (tx) =>
      updateStatus(tx, stale, { status: slo!.status!, at: t.clock.now(), state: 'ok' }),
    )
    expect(written).toBe(false)
    expect((await readSlo(operator, slo!.id)).state).toBe('burning')
  })
})

async function countSlos(): Promise<number> {
  return (await t.system.db.selectFrom('slo').select('id').execute()).length
}

describe('sums over windows', () => {
  beforeAll(fresh)

  it('counts as fast only what was surely within the threshold', async () => {
    const { id } = await createSlo(operator, demo('latency'))
    await facts([
      { agoSeconds: 60, requests: 100, latencyMs: 20 },
      { agoSeconds: 60, requests: 7, latencyMs: 249.9 },
      { agoSeconds: 60, requests: 10, latencyMs: 400 },
    ])
    await evaluate()
    // 249.9 ms shares its bucket with 250 ms: it is not known to be good.
    expect((await readSlo(operator, id)).status?.budget).toMatchObject({ good: 100, total: 117 })
  })

  it('draws a burn-down whose pieces add up to the budget', async () => {
    const { id } = await createSlo(operator, demo('availability'))
    await facts([
      { agoSeconds: 3000, requests: 400, errors: 1 },
      { agoSeconds: 1000, requests: 300, errors: 2 },
      { agoSeconds: 30, requests: 200 },
    ])
    await evaluate()
    const budget = (await readSlo(operator, id)).status?.budget
    for (const steps of [1, 7, 60, 360]) {
      const points = await readBurnDown(operator, { sloId: id, steps })
      expect(points).toHaveLength(steps)
      expect(points.reduce((sum, p) => sum + p.total, 0)).toBe(budget?.total)
      expect(points.reduce((sum, p) => sum + p.good, 0)).toBe(budget?.good)
      expect(points.at(-1)?.left).toBeCloseTo(budget?.left ?? Number.NaN, 12)
    }
  })
})
