import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { addFacts, testServing, type TestServing } from '../../tests/support/serving.ts'
import { testSystem, testStart, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { loadPrices } from './load-prices.ts'
import { exactPerMoney, parseMoney } from './money.ts'
import { readEndpointCost, readWorkspaceCost } from './reads.ts'

let t: TestSystem
let ws: TestWorkspace
let serving: TestServing
let viewer: Ctx
const minute = (n: number) => new Date(testStart.getTime() + n * 60_000)

beforeAll(async () => {
  await loadPrices()
  t = await testSystem()
  ws = await t.workspace()
  serving = await testServing(ws)
  viewer = await ws.as('viewer')
  const [stable, candidate] = serving.versionIds
  await addFacts(t.system, { workspaceId: ws.id, endpointId: serving.endpointId }, [
    { at: minute(1), versionId: stable, requests: 900, cpuMicros: 4_500_001 },
    { at: minute(2), versionId: stable, requests: 1100, cpuMicros: 5_500_003 },
    { at: minute(2), versionId: candidate, requests: 100, cpuMicros: 2_000_007 },
  ])
  await housekeep(t.system, 'demo', (tx) =>
    tx
      .updateTable('endpoint')
      .set({ stable_version_id: stable, candidate_version_id: candidate })
      .where('id', '=', serving.endpointId)
      .execute(),
  )
})
afterAll(() => t.close())

const cost = (from: Date, to: Date) => readEndpointCost(viewer, { endpointId: serving.endpointId, from, to })

describe('readEndpointCost', () => {
  it('shows lines by version and meter, and what a thousand requests cost each side', async () => {
    const view = await cost(minute(0), minute(10))
    expect(view).toMatchObject({ currency: 'USD', requests: 2100, complete: true, unpriced: [] })
    expect(view.lines.map((l) => [l.versionId, l.meter, l.quantity])).toEqual([
      [serving.versionIds[0], 'requests', '2000'],
      [serving.versionIds[0], 'cpu-seconds', '10.000004'],
      [serving.versionIds[1], 'requests', '100'],
      [serving.versionIds[1], 'cpu-seconds', '2.000007'],
    ])
    // (2000 × 0.0000002 + 10.000004 × 0.0000112444) / 2 and (100 × 0.0000002 + 2.000007 × 0.0000112444) × 10
    expect(view.versions.map((v) => [v.serves, v.perThousandRequests])).toEqual([
      ['stable', '0.000256222022'],
      ['candidate', '0.000424888787'],
    ])
    const sum = view.lines.reduce((total, line) => total + parseMoney(line.amount), 0n)
    expect(sum).toBe(parseMoney(view.amount))
  })

  it('gives the same total wherever the range is split', async () => {
    const exact = async (from: Date, to: Date) => {
      const view = await cost(from, to)
      return parseMoney(view.amount) * exactPerMoney + BigInt(view.remainder)
    }
    const whole = await exact(minute(0), minute(10))
    for (const at of [60_000, 60_001, 119_999, 120_000, 125_000].map((ms) => new Date(testStart.getTime() + ms))) {
      expect((await exact(minute(0), at)) + (await exact(at, minute(10)))).toBe(whole)
    }
  })

  it('does not know the cost of CPU time that nobody reported', async () => {
    const where = { workspaceId: ws.id, endpointId: serving.endpointId }
    await addFacts(t.system, where, [{ at: minute(20), versionId: serving.versionIds[1], requests: 50 }])
    const view = await cost(minute(20), minute(21))
    expect(view).toMatchObject({ complete: false, perThousandRequests: null, amount: '0.00001' })
    expect(view.unpriced).toMatchObject([{ meter: 'cpu-seconds', quantity: null }])
    expect(view.versions).toMatchObject([{ serves: 'candidate', complete: false, perThousandRequests: null }])
  })

  it('shows CPU time that only some requests reported as a part of the cost', async () => {
    const where = { workspaceId: ws.id, endpointId: serving.endpointId }
    await addFacts(t.system, where, [
      { at: minute(30), versionId: serving.versionIds[0], requests: 10, cpuMicros: 1_000_000, cpuReported: 1 },
      { at: minute(31), versionId: serving.versionIds[0], requests: 10, cpuMicros: 3_000_000, cpuReported: 10 },
    ])
    const view = await cost(minute(30), minute(32))
    expect(view.lines.map((l) => [l.meter, l.quantity])).toEqual([
      ['requests', '20'],
      ['cpu-seconds', '4'],
    ])
    const because = '9 of 20 requests did not report how much they used'
    expect(view.unpriced).toMatchObject([{ meter: 'cpu-seconds', quantity: null, because }])
    expect(view).toMatchObject({ complete: false, perThousandRequests: null })
    expect((await cost(minute(31), minute(32))).complete).toBe(true)
  })

  it('does not know the cost of the time before the first price', async () => {
    const old = new Date('2023-06-01T00:00:00Z')
    const where = { workspaceId: ws.id, endpointId: serving.endpointId }
    await addFacts(t.system, where, [{ at: old, versionId: serving.versionIds[0], requests: 10, cpuMicros: 10 }])
    const view = await cost(old, new Date(old.getTime() + 60_000))
    expect(view).toMatchObject({ amount: '0', complete: false, lines: [] })
    expect(view.unpriced.map((u) => u.quantity)).toEqual(['10', '0.00001'])
  })

  it('refuses another workspace, people without a role here and ranges without an end', async () => {
    const stranger = await (await t.workspace()).as('operator')
    const range = { from: minute(0), to: minute(1) }
    await expect(readEndpointCost(stranger, { endpointId: serving.endpointId, ...range })).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(readWorkspaceCost({ ...viewer, actorId: stranger.actorId }, range)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(cost(minute(1), minute(1))).rejects.toThrow(/to: must be after from/)
  })
})

describe('readWorkspaceCost', () => {
  it('adds up its endpoints and sees no other workspace', async () => {
    const other = await testServing(ws, 'trains')
    await addFacts(t.system, { workspaceId: ws.id, endpointId: other.endpointId }, [
      { at: minute(3), versionId: other.versionIds[0], requests: 7, cpuMicros: 13 },
    ])
    const range = { from: minute(0), to: minute(10) }
    const view = await readWorkspaceCost(viewer, range)
    expect(new Set(view.endpoints.map((e) => e.requests))).toEqual(new Set([2100, 7]))
    const sum = view.endpoints.reduce((total, e) => total + parseMoney(e.amount), 0n)
    expect(sum).toBe(parseMoney(view.amount))
    const elsewhere = await (await t.workspace()).as('viewer')
    expect(await readWorkspaceCost(elsewhere, range)).toMatchObject({ requests: 0, amount: '0', endpoints: [] })
  })
})
