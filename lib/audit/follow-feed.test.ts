import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { selectCursor, type FeedEntry } from './feed.ts'
import { followFeed, type FeedStep } from './follow-feed.ts'
import { appendOne } from './testing/log.ts'

let t: TestSystem
let consumer: string
let heard: string[]
let consumers = 0

beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())
beforeEach(async () => {
  consumer = `test-${++consumers}`
  heard = []
  await untilIdle(pass)
})

const name = (entry: FeedEntry) => entry.content?.because ?? '(erased)'
const pass = () => Promise.resolve(false)

/** Hears the entry in a transaction of its own, under the cursor's lock. */
async function hear(entry: FeedEntry, step: FeedStep, during?: () => void): Promise<boolean> {
  await housekeep(t.system, 'feed-cursor', async (tx) => {
    await step.take(tx)
    during?.()
    await step.pass(tx)
    heard.push(name(entry))
  })
  return true
}

const turn = (follow: (entry: FeedEntry, step: FeedStep) => Promise<boolean>) => followFeed(t.system, consumer, follow)

async function untilIdle(follow: (entry: FeedEntry, step: FeedStep) => Promise<boolean>): Promise<void> {
  // Another transaction of this cluster may hold the horizon back for a moment: empty turns are not the end.
  for (let empty = 0; empty < 20;) empty = (await turn(follow)) === 0 ? empty + 1 : 0
}

describe('a consumer of the feed', () => {
  it('hears every entry once and in order, however many workers take turns', async () => {
    const said = Array.from({ length: 20 }, (_, i) => `entry ${i}`)
    for (const each of said) await appendOne(t.system, each)
    await Promise.all([untilIdle(hear), untilIdle(hear), untilIdle(hear)])
    expect(heard).toEqual(said)
  })

  it('ends its turn when another worker has moved the cursor since it read', async () => {
    await appendOne(t.system, 'raced')
    await appendOne(t.system, 'behind it')
    const passed = await turn(async (entry, step) => {
      await untilIdle(hear)
      return hear(entry, step)
    })
    expect(passed).toBe(0)
    expect(heard).toEqual(['raced', 'behind it'])
  })

  it('passes entries that concern nobody, at the end of the turn in one move', async () => {
    const id = await appendOne(t.system, 'of no concern')
    await untilIdle(pass)
    expect(await selectCursor(t.system.db, consumer)).toMatchObject({ entryId: id })
  })

  it('keeps the cursor with what failed, and does it in the next turn', async () => {
    await appendOne(t.system, 'before')
    await appendOne(t.system, 'crashes')
    const crash = (entry: FeedEntry, step: FeedStep) =>
      hear(entry, step, () => {
        if (name(entry) === 'crashes') throw new Error('crashed here')
      })
    await expect(untilIdle(crash)).rejects.toThrow('crashed here')
    expect(heard).toEqual(['before'])
    await untilIdle(hear)
    expect(heard).toEqual(['before', 'crashes'])
  })

  it('passes over an entry at which eight turns have failed, counts it, and goes on with those behind', async () => {
    for (const each of ['before', 'poisoned', 'behind']) await appendOne(t.system, each)
    const poisoned = (entry: FeedEntry, step: FeedStep) =>
      hear(entry, step, () => {
        if (name(entry) === 'poisoned') throw new TypeError('cannot be read')
      })
    for (let failure = 1; failure < 8; failure++) await expect(untilIdle(poisoned)).rejects.toThrow('cannot be read')
    expect(heard).toEqual(['before'])
    await untilIdle(poisoned)
    expect(heard).toEqual(['before', 'behind'])
    const { values } = await t.system.metrics.feedEntriesPassedOver.get()
    expect(values).toEqual([{ labels: { consumer }, value: 1 }])
  })
})
