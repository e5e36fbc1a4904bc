import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DemoState } from '#lib/demo/model.ts'
import { prepareFlights } from '../prepare.ts'
import type { ReplayEvent } from '../replay.ts'
import { dayMs, flightsPerDay, names, regionalMilesMax, sliceMs } from './calendar.ts'
import { storyEvents } from './events.ts'
import { drillAt } from './scenes.ts'

const firstMs = Date.parse('2001-06-28')

describe('the events of the story', () => {
  let dataFolder = ''
  beforeAll(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'quarterdeck-story-'))
    await prepareFlights({ outFolder: dataFolder })
  })
  afterAll(() => rm(dataFolder, { recursive: true }))

  type Drill = { fromMs: number; toMs: number } | null
  const play = (fromMs: number, options: { drill?: Drill; reserved?: number[] } = {}) =>
    storyEvents({
      dataFolder,
      fromMs,
      mainId: 'main',
      regionalId: 'regional',
      drill: () => options.drill ?? null,
      reserve: (positionMs) => Promise.resolve(void options.reserved?.push(positionMs)),
    })
  const all = async (events: AsyncIterable<ReplayEvent>) => {
    const list: ReplayEvent[] = []
    for await (const event of events) list.push(event)
    return list
  }

  it('are every chosen flight once at the main endpoint, and the short ones once more at the regional one', async () => {
    const events = await all(play(firstMs))
    const main = events.filter((e) => e.endpointId === 'main')
    const regional = events.filter((e) => e.endpointId === 'regional')
    expect(main).toHaveLength(3 * flightsPerDay)
    expect(regional.map((e) => e.predictionId)).toEqual(
      main.filter((e) => e.features.distance! < regionalMilesMax).map((e) => `regional-${e.predictionId}`),
    )
    expect(new Set(events.map((e) => e.predictionId)).size).toBe(events.length)
  })

  it('are reserved before they are given out, so that a run that was killed is not repeated by the next one', async () => {
    const whole = await all(play(firstMs))
    const reserved: number[] = []
    const sent: ReplayEvent[] = []
    for await (const event of play(firstMs, { reserved })) {
      expect(event.eventTimeMs).toBeLessThan(reserved.at(-1)!)
      if (sent.length === 700) break
      sent.push(event)
    }
    const rest = await all(play(reserved.at(-1)!))
    const ids = [...sent, ...rest].map((e) => e.predictionId)
    expect(new Set(ids).size).toBe(ids.length)
    const lost = whole.length - ids.length
    expect(lost).toBe(
      whole.filter((e) => e.eventTimeMs < reserved.at(-1)! && !sent.some((s) => s.predictionId === e.predictionId))
        .length,
    )
    const lostFrom = whole.find((e) => !ids.includes(e.predictionId))!.eventTimeMs
    expect(reserved.at(-1)! - lostFrom).toBeLessThanOrEqual(sliceMs)
  })

  it('are broken within the drill and nowhere else, and stay where they belong', async () => {
    const drill = { fromMs: firstMs + dayMs, toMs: firstMs + 2 * dayMs }
    const [calm, broken] = [await all(play(firstMs)), await all(play(firstMs, { drill }))]
    expect(broken.map((e) => e.predictionId)).toEqual(calm.map((e) => e.predictionId))
    for (const [i, event] of broken.entries()) {
      const inDrill = event.eventTimeMs >= drill.fromMs && event.eventTimeMs < drill.toMs
      const before = calm[i]!.features
      expect(event.features.distance).toBeCloseTo(before.distance! * (inDrill ? 1.609344 : 1))
      if (!inDrill) expect(event.features).toEqual(before)
    }
    expect(broken.some((e) => e.features.origin === null)).toBe(true)
  })
})

describe('the label of the drill', () => {
  const now = new Date('2026-03-02T09:00:00Z')
  const stateWith = (change: Partial<DemoState>): DemoState => ({ ...DemoState.parse({}), ...change })

  it('is there from the first broken event to the last', () => {
    const [drillFromMs, drillToMs] = [firstMs, firstMs + dayMs]
    expect(drillAt(stateWith({}), firstMs, now)).toBeNull()
    expect(drillAt(stateWith({ drillFromMs }), firstMs - 1, now)).toBeNull()
    const drill = drillAt(stateWith({ drillFromMs }), firstMs, now)
    expect(drill).toEqual({ label: names.drill, since: now.toISOString() })
    const later = new Date(now.getTime() + 60_000)
    expect(drillAt(stateWith({ drillFromMs, drillToMs, drill }), drillToMs - 1, later)).toBe(drill)
    expect(drillAt(stateWith({ drillFromMs, drillToMs, drill }), drillToMs, later)).toBeNull()
  })
})
