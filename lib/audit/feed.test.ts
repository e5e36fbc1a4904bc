import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemCtx } from '#lib/platform/call.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { appendEntry } from './append.ts'
import { feedStart, lockCursor, readFeed, saveCursor, type FeedCursor } from './feed.ts'
import { appendOne, draft, openTransaction } from './testing/log.ts'

let t: TestSystem
let start: FeedCursor
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())

/** Everything after a cursor, page by page, with the cursor that it ended at. */
async function follow(after: FeedCursor, limit = 100, kinds?: readonly string[]) {
  const said: string[] = []
  let cursor = after
  for (;;) {
    const page = await readFeed(t.system.db, cursor, limit, kinds)
    for (const entry of page) said.push(entry.content?.because ?? '(erased)')
    cursor = page.at(-1)?.cursor ?? cursor
    if (page.length < limit) return { said, cursor }
  }
}

describe('the feed of committed entries', () => {
  it('gives them once, in order, whatever the page size and before the sequencer came', async () => {
    start = (await follow(feedStart)).cursor
    for (const name of ['a', 'b', 'c', 'd', 'e']) await appendOne(t.system, name)
    for (const limit of [1, 2, 5, 100]) expect((await follow(start, limit)).said).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('gives whole entries', async () => {
    const { cursor } = await follow(feedStart)
    const id = await appendOne(t.system, 'whole')
    const [entry] = await readFeed(t.system.db, cursor, 10)
    expect(entry).toMatchObject({
      id,
      kind: 'model:register',
      resourceKind: 'model',
      resourceId: 'mo_test',
      outcome: 'done',
    })
    expect(entry?.content).toMatchObject({ v: 1, actor: { subject: 'system' }, because: 'whole' })
  })

  it('passes no place in which a running transaction may still appear', async () => {
    const { cursor } = await follow(feedStart)
    const late = await openTransaction(t.system, 'late')
    await appendOne(t.system, 'meanwhile')
    const waiting = await follow(cursor)
    expect(waiting.said).toEqual([])
    await late.commit()
    expect((await follow(waiting.cursor)).said).toEqual(['late', 'meanwhile'])
  })

  it('never gives what was rolled back', async () => {
    const { cursor } = await follow(feedStart)
    const failing = housekeep(t.system, 'demo', async (tx) => {
      await appendEntry(tx, systemCtx(t.system), draft('never happened'))
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    expect((await follow(cursor)).said).toEqual([])
  })

  it('can be narrowed to kinds', async () => {
    const { cursor } = await follow(feedStart)
    await appendOne(t.system, 'narrowed')
    expect((await follow(cursor, 10, ['rollout:roll-back'])).said).toEqual([])
    expect((await follow(cursor, 10, ['model:register'])).said).toEqual(['narrowed'])
  })

  it('is heard exactly once by consumers that share a cursor', async () => {
    for (let i = 0; i < 20; i++) await appendOne(t.system, `heard ${i}`)
    const heard: string[] = []
    const turn = () =>
      housekeep(t.system, 'feed-cursor', async (tx) => {
        const cursor = await lockCursor(tx, 'test', t.clock.now())
        const page = await readFeed(tx, cursor, 3)
        for (const entry of page) heard.push(entry.id)
        const last = page.at(-1)
        if (last) await saveCursor(tx, 'test', last.cursor, t.clock.now())
        return page.length
      })
    const consume = async () => {
      // Another transaction of this cluster may hold the horizon back for a moment: empty turns are not the end.
      for (let empty = 0; empty < 20;) empty = (await turn()) === 0 ? empty + 1 : 0
    }
    await Promise.all([consume(), consume(), consume()])
    const { said } = await follow(feedStart)
    expect(heard).toHaveLength(said.length)
    expect(new Set(heard).size).toBe(said.length)
  })
})
