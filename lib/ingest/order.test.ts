import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from 'kysely'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { checkEvent, isRejection, type TelemetryEvent } from '#lib/telemetry/events.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { commitBatches, type Batch } from './commit.ts'
import { compiledMonitors } from './monitors.ts'
import { makeSetting, type Setting } from './testing/setting.ts'

let t: TestSystem
let s: Setting
const at = Date.parse('2026-03-02T08:00:00Z')

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  const developer = await s.workspace.as('developer')
  const profile = buildProfile({
    x: Array.from({ length: 200 }, (_, i) => i),
    delay: Array.from({ length: 200 }, (_, i) => i % 90),
  })
  const { id } = await createProfile(developer, { versionId: s.stable, source: 'made up', profile })
  await createMonitor(developer, { endpointId: s.endpoint, profileId: id, name: 'hourly', labelFeatures: ['delay'] })
})
afterAll(() => t.close())

const tables = ['request_fact', 'quality_fact', 'drift_count', 'drift_watermark', 'agent_heartbeat'] as const

/** Everything that was folded, without the times of receipt, and then nothing of it. */
async function takeRows() {
  const rows: Record<string, unknown> = {}
  for (const table of tables) {
    const found = await sql`select * from ${sql.table(table)} as r order by r::text`.execute(t.system.db)
    rows[table] = JSON.parse(JSON.stringify(found.rows, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)))
  }
  return rows
}

async function forget() {
  await housekeep(t.system, 'retention', async (tx) => {
    for (const table of [...tables, 'pending_prediction', 'early_label'])
      await sql`delete from ${sql.table(table)}`.execute(tx)
  })
}

const score = fc.double({ min: 0, max: 1, noNaN: true })
const eventArbitrary = fc.integer({ min: 0, max: 7_200_000 }).chain((offset) =>
  fc.oneof(
    fc.record({
      kind: fc.constant('request' as const),
      offset: fc.constant(offset),
      latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      status: fc.constantFrom(0, 200, 404, 503),
      generation: fc.integer({ min: 1, max: 2 }),
      candidate: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('pair' as const),
      offset: fc.constant(offset),
      score,
      label: fc.boolean(),
      x: fc.oneof(fc.integer({ min: -10, max: 300 }), fc.constant(null)),
      delay: fc.integer({ min: -5, max: 120 }),
      candidate: fc.boolean(),
    }),
  ),
)

describe('folding', () => {
  it('gives the same rows in any order and any batches', async () => {
    const monitorsOf = compiledMonitors(t.system.db)
    const commit = (events: readonly TelemetryEvent[]) => {
      const batch: Batch = {
        workspaceId: s.workspace.id,
        endpointId: null,
        batchId: null,
        events: events.map((event, index) => ({ index, event })),
        rejected: [],
      }
      return commitBatches(t.system, monitorsOf, [batch])
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(eventArbitrary, { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.integer({ min: 1, max: 7 }),
        async (made, draws, size) => {
          const events = made.flatMap(toEvents)
          await forget()
          await commit(events)
          const whole = await takeRows()
          expect(JSON.stringify(whole.request_fact) + JSON.stringify(whole.quality_fact)).not.toBe('[][]')
          await forget()
          const shuffled = events
            .map((event) => ({ event, key: draws.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ event }) => event)
          for (let i = 0; i < shuffled.length; i += size) await commit(shuffled.slice(i, i + size))
          expect(await takeRows()).toEqual(whole)
        },
      ),
      { numRuns: 25 },
    )
  }, 60_000)
})

type Made = typeof eventArbitrary extends fc.Arbitrary<infer T> ? T : never

function toEvents(made: Made, i: number): TelemetryEvent[] {
  const time = at + made.offset
  const names = { endpoint: s.endpoint, version: made.candidate ? s.candidate : s.stable }
  const events =
    made.kind === 'request'
      ? [
          {
            type: 'request',
            time,
            ...names,
            generation: made.generation,
            status: made.status,
            latencyMs: made.latencyMs,
          },
        ]
      : [
          {
            type: 'prediction',
            id: `p${i}`,
            time,
            ...names,
            generation: 1,
            features: { x: made.x },
            score: made.score,
          },
          {
            type: 'label',
            predictionId: `p${i}`,
            time: time + 60_000,
            label: made.label,
            features: { delay: made.delay },
          },
        ]
  return events.map((event) => {
    const checked = checkEvent(event)
    if (isRejection(checked)) throw new Error(checked.message)
    return checked
  })
}
