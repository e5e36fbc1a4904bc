import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sumUsage } from '#lib/costs/queries.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { emptyHistogram, record } from '#lib/telemetry/histogram.ts'
import { addRequestFacts, sumRequestFacts } from '#lib/telemetry/queries.ts'
import { floorHour, hourMs } from '#lib/telemetry/spans.ts'
import { reconcileRequestFacts } from '#lib/telemetry/reconcile.ts'
import { testServing, type TestServing } from '../../tests/support/serving.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { sumPieces } from './queries.ts'

const sliceMs = 10_000
const day = 86_400_000
const thresholdMs = 250
let t: TestSystem
let ws: TestWorkspace
let serving: TestServing

type Fact = {
  atMs: number
  version: 0 | 1
  generation: number
  latenciesMs: number[]
  errors: number
  cpuMicros: number
}

beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  serving = await testServing(ws)
})
afterAll(() => t.close())

const nowMs = () => Math.floor(t.clock.now().getTime() / sliceMs) * sliceMs
const slicesOf = (days: number) => (days * day) / sliceMs
const factOf = (days: number): fc.Arbitrary<Fact> =>
  fc.record({
    atMs: fc.integer({ min: 1, max: slicesOf(days) }).map((n) => nowMs() - n * sliceMs),
    version: fc.constantFrom(0 as const, 1 as const),
    generation: fc.integer({ min: 1, max: 2 }),
    latenciesMs: fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 4 }),
    errors: fc.integer({ min: 0, max: 1 }),
    cpuMicros: fc.integer({ min: 0, max: 1e9 }),
  })

async function fold(facts: readonly Fact[]): Promise<void> {
  for (const fact of facts) {
    const latency = emptyHistogram()
    for (const ms of fact.latenciesMs) record(latency, ms)
    const row = {
      workspaceId: ws.id,
      endpointId: serving.endpointId,
      versionId: serving.versionIds[fact.version],
      generation: fact.generation,
      sliceAt: new Date(fact.atMs),
      requests: fact.latenciesMs.length,
      errors: fact.errors,
      cpuMicros: fact.cpuMicros,
      latency,
    }
    await housekeep(t.system, 'telemetry-fold', (tx) => addRequestFacts(tx, [row]))
  }
}

const within = (facts: readonly Fact[], fromMs: number, toMs: number) =>
  facts.filter(({ atMs }) => fromMs <= atMs && atMs < toMs)
const requestsOf = (facts: readonly Fact[]) => facts.reduce((sum, f) => sum + f.latenciesMs.length, 0)
const errorsOf = (facts: readonly Fact[]) => facts.reduce((sum, f) => sum + f.errors, 0)

/** The sums of a list of facts, and what every read of them through hours and slices must give, piece by piece. */
async function expectEqual(facts: readonly Fact[], bordersMs: readonly number[], sliceFromMs: number): Promise<void> {
  const borders = bordersMs.map((ms) => new Date(ms))
  const moved = bordersMs.map((ms) => (ms < sliceFromMs ? floorHour(ms) : ms))
  const pieces = moved.slice(1).map((toMs, i) => within(facts, moved[i] ?? 0, toMs))
  const measured = { endpointId: serving.endpointId, thresholdMs: null }
  expect(await sumPieces(t.system.db, measured, borders)).toEqual(
    pieces.map((p) => ({ good: requestsOf(p) - errorsOf(p), total: requestsOf(p) })),
  )
  const fast = await sumPieces(t.system.db, { ...measured, thresholdMs }, borders)
  expect(fast.map((p) => p.total)).toEqual(pieces.map(requestsOf))
  const { requests, cpuMicros, counts, zeroCount } = await sumRequestFacts(t.system.db, {
    endpointId: serving.endpointId,
    from: borders[0],
    to: borders.at(-1),
  })
  expect(requests).toBe(BigInt(requestsOf(pieces.flat())))
  expect(cpuMicros).toBe(BigInt(pieces.flat().reduce((sum, f) => sum + f.cpuMicros, 0)))
  const samples = Object.values(counts ?? {}).reduce((sum, n) => sum + n, Number(zeroCount))
  expect(samples).toBe(requestsOf(pieces.flat()))
  const used = await sumUsage(t.system.db, { workspaceId: ws.id }, borders)
  expect(used.reduce((sum, row) => sum + row.requests, 0n)).toBe(requests)
}

const bordersOf = (days: number) =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: slicesOf(days) }), { minLength: 2, maxLength: 6 })
    .map((all) => all.map((n) => nowMs() - n * sliceMs).toSorted((a, b) => a - b))

describe('sums over hours and slices', () => {
  const facts: Fact[] = []
  it('equal the sums over every fact, wherever the borders lie', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(factOf(2), { maxLength: 12 }), bordersOf(2), async (more, borders) => {
        await fold(more)
        facts.push(...more)
        await expectEqual(facts, borders, -Infinity)
      }),
      { numRuns: 25 },
    )
  })

  it('equal them still when slices are forgotten, with borders at the hour where they are', async () => {
    const recent = fc.sample(factOf(2), { numRuns: 20, seed: 7 })
    await fold(recent)
    facts.push(...recent)
    const before = floorHour(nowMs()) - hourMs
    t.clock.advance(t.system.config.sliceDays * day - hourMs)
    expect(await reconcileRequestFacts(t.system)).toBeGreaterThan(0)
    const left = await t.system.db.selectFrom('request_fact').select('slice_at').execute()
    expect(left.every((row) => row.slice_at.getTime() >= before - hourMs)).toBe(true)
    // Nothing is read of what is being deleted: all that is older stands in its hours.
    const borders = [1, 3 * 360 + 7, 9 * 360 + 1].map((n) => before - n * sliceMs).toSorted((a, b) => a - b)
    await expectEqual(facts, borders, before)
    await expectEqual(facts, [0, before + 7 * day], before)
  })

  it('end with the days for which facts are kept', async () => {
    t.clock.advance((t.system.config.factDays + 1) * day)
    while ((await reconcileRequestFacts(t.system)) > 0);
    expect(await t.system.db.selectFrom('request_hour').select('hour_at').execute()).toEqual([])
    expect(await t.system.db.selectFrom('request_fact').select('slice_at').execute()).toEqual([])
  })
})
