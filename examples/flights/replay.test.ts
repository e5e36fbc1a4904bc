import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokenFeed } from './drill.ts'
import { prepareFlights } from './prepare.ts'
import { replayDays, type ReplayEvent, type ReplayOptions } from './replay.ts'

const hourMs = 3_600_000

describe('replayDays', () => {
  let dataFolder = ''
  let events: ReplayEvent[] = []
  const replay = async (options: Partial<ReplayOptions> = {}) => {
    const collected: ReplayEvent[] = []
    for await (const event of replayDays({ dataFolder, from: '2001-03-30', to: '2001-04-02', ...options }))
      collected.push(event)
    return collected
  }
  beforeAll(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'quarterdeck-replay-'))
    await prepareFlights({ outFolder: dataFolder })
    events = await replay()
  })
  afterAll(() => rm(dataFolder, { recursive: true }))

  it('gives the same 2,000 flights of each day, in the order of event time, each with an id of its own', async () => {
    expect(events).toHaveLength(4 * 2_000)
    expect(events.every((event, i) => i === 0 || event.eventTimeMs >= events[i - 1]!.eventTimeMs)).toBe(true)
    const days = events.map((event) => new Date(event.eventTimeMs).toISOString().slice(0, 10))
    expect(days.filter((day) => day === '2001-04-01')).toHaveLength(2_000)
    expect(new Set(events.map((event) => event.predictionId)).size).toBe(8_000)
    expect(await replay()).toEqual(events)
  })

  it('gives one day as it gives it within many, and a smaller sample within a larger', async () => {
    const day = await replay({ from: '2001-04-01', to: '2001-04-01', sampledPerDay: 100, idPrefix: 'again' })
    const all = new Map(events.map((event) => [event.predictionId, event]))
    expect(day).toHaveLength(100)
    for (const event of day) {
      const { predictionId, ...rest } = event
      expect(all.get(predictionId.replace('again', 'flight'))).toMatchObject(rest)
    }
  })

  it('has labels that are known two to four hours after the flight, with its delay', () => {
    const reporting = events.map((event) => {
      const delayMs = Math.max(0, event.delayMinutes) * 60_000
      return (event.labelEventTimeMs - event.eventTimeMs - delayMs) / hourMs
    })
    expect(Math.min(...reporting)).toBeGreaterThanOrEqual(2)
    expect(Math.max(...reporting)).toBeLessThan(4)
    expect(reporting.filter((hours) => hours < 3).length / reporting.length).toBeCloseTo(0.5, 1)
    expect(events.every((event) => event.label === event.delayMinutes > 15)).toBe(true)
  })

  it('shows nothing to the model that is known only afterwards', () => {
    const names = new Set(events.flatMap((event) => Object.keys(event.features)))
    expect([...names].sort()).toEqual(['dayOfWeek', 'destination', 'distance', 'hour', 'origin'])
  })

  it('breaks the feed from the moment of the drill on, and leaves the rest as it was', async () => {
    const fromMs = Date.parse('2001-04-01T12:00:00Z')
    const drilled = await replay({ transform: brokenFeed({ fromMs }) })
    expect(drilled).toHaveLength(events.length)
    const firstAfter = events.findIndex((event) => event.eventTimeMs >= fromMs)
    expect(drilled.slice(0, firstAfter)).toEqual(events.slice(0, firstAfter))
    for (const [i, event] of drilled.slice(firstAfter).entries()) {
      const { features, ...rest } = events[firstAfter + i]!
      const isDropped = ['ORD', 'DFW', 'ATL'].includes(features.origin!)
      const origin = isDropped ? null : features.origin
      expect(event).toEqual({ ...rest, features: { ...features, distance: features.distance! * 1.609344, origin } })
    }
    const missing = drilled.slice(firstAfter).filter((event) => event.features.origin === null)
    expect(missing.length / (drilled.length - firstAfter)).toBeCloseTo(0.15, 1)
  })
})
