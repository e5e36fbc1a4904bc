import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { claimDue, makeDue, releaseClaim, type Claim } from './claim.ts'
import type { Channel } from './context.ts'
import { openPool } from './db/connect.ts'
import { systemClock } from './clock.ts'
import { housekeep } from './housekeep.ts'
import { releaseLease, takeLease } from './lease.ts'
import { createNotifier, listenForChanges } from './notify.ts'

let t: TestSystem
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())

describe('a lease', () => {
  const take = (holder: string, name = 'lease') => takeLease(t.system, name, holder, 10)

  it('is held by one, renewed by the same, and free when it ran out or was given back', async () => {
    const first = await take('a')
    expect(first?.fence).toBe(1n)
    expect(await take('b')).toBeUndefined()
    expect((await take('a'))?.fence).toBe(1n)
    t.clock.advance(10_000)
    const second = await take('b')
    expect(second?.fence).toBe(2n)
    await releaseLease(t.system, first!)
    expect(await take('a')).toBeUndefined()
    await releaseLease(t.system, second!)
    expect((await take('a'))?.fence).toBe(3n)
  })

  it('is taken by one of many at once, and its fence rises with each holder', async () => {
    let last = 0n
    for (let round = 0; round < 5; round++) {
      const all = await Promise.all(Array.from({ length: 8 }, (_, i) => take(`holder-${round}-${i}`, 'crowd')))
      const held = all.filter((lease) => lease !== undefined)
      expect(held).toHaveLength(1)
      expect(held[0]!.fence).toBeGreaterThan(last)
      last = held[0]!.fence
      t.clock.advance(10_000)
    }
  })
})

describe('claims', () => {
  const claim = (holder: string, limit = 100) =>
    housekeep(t.system, 'lease', (tx) =>
      claimDue(tx, 'slo_like' as 'slo', { now: t.clock.now(), holder, leaseSeconds: 30, limit }),
    )
  const release = (c: Claim, dueInMs: number, outcome: 'done' | 'failed' = 'done') =>
    housekeep(t.system, 'lease', (tx) =>
      releaseClaim(tx, 'slo_like' as 'slo', c, new Date(t.clock.now().getTime() + dueInMs), outcome),
    )

  beforeAll(async () => {
    const owner = openPool({
      url: t.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'test',
      onError: () => undefined,
    })
    // A table with the columns of a claim and no others: the rule is the same for every reconciler's.
    await owner.query(
      `create table slo_like (id text primary key, due_at timestamptz not null, lease_until timestamptz, lease_holder text, fence bigint not null default 0, attempts integer not null default 0)`,
    )
    await owner.query(
      `insert into slo_like (id, due_at) select 'row-' || lpad(n::text, 2, '0'), $1::timestamptz from generate_series(1, 40) n`,
      [t.clock.now()],
    )
    await owner.end()
  })

  it('are disjoint, however many claim at once, and together they are all', async () => {
    const shares = await Promise.all(Array.from({ length: 6 }, (_, i) => claim(`w${i}`, 10)))
    const rest = await claim('last')
    const ids = [...shares, rest].flat().map((c) => c.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toHaveLength(40)
    for (const c of shares.flat()) await release(c, 60_000)
    for (const c of rest) await release(c, 60_000)
    expect(await claim('early')).toEqual([])
  })

  it('are lost when the lease runs out: the next fence is higher, and the old one releases nothing', async () => {
    t.clock.advance(60_000)
    const [old] = await claim('slow', 1)
    t.clock.advance(30_000)
    const again = (await claim('quick')).find((c) => c.id === old!.id)
    expect(again?.fence).toBe(old!.fence + 1n)
    expect(again?.attempts).toBe(2)
    expect(await release(old!, 0)).toBe(false)
    expect(await release(again!, 1_000, 'failed')).toBe(true)
    t.clock.advance(1_000)
    expect((await claim('next')).find((c) => c.id === old!.id)?.attempts).toBe(3)
  })

  it('come earlier when somebody makes a row due, never later', async () => {
    t.clock.advance(30_000)
    for (const c of await claim('all')) await release(c, 1_000_000)
    await housekeep(t.system, 'lease', (tx) => makeDue(tx, 'slo_like' as 'slo', 'row-07', t.clock.now()))
    expect((await claim('woken')).map((c) => c.id)).toEqual(['row-07'])
  })

  it('keep a wake-up that came while a row was held, and only that', async () => {
    t.clock.advance(2_000_000)
    const held = await claim('busy')
    expect(held.length).toBeGreaterThan(1)
    await housekeep(t.system, 'lease', (tx) => makeDue(tx, 'slo_like' as 'slo', 'row-09', t.clock.now()))
    expect(await claim('another')).toEqual([])
    for (const c of held) expect(await release(c, 1_000_000)).toBe(true)
    const [woken, ...others] = await claim('next')
    expect([woken?.id, others]).toEqual(['row-09', []])
    await release(woken!, 1_000_000)
    expect(await claim('later')).toEqual([])
  })
})

describe('change hints', () => {
  it('reach whoever listens, each once, and again after the connection was lost', async () => {
    const stop = new AbortController()
    const heard: (Channel | 'reconnected')[] = []
    let lost = 0
    let changed = Promise.withResolvers<void>()
    const until = async (count: number) => {
      while (heard.length < count) await changed.promise
    }
    const listening = listenForChanges({
      url: t.databaseUrl,
      clock: systemClock,
      log: t.system.log,
      signal: stop.signal,
      onChange: (channel) => {
        heard.push(channel)
        changed.resolve()
        changed = Promise.withResolvers<void>()
      },
      onLost: () => {
        lost += 1
      },
    })
    const pool = openPool({
      url: t.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'test',
      onError: () => undefined,
    })
    try {
      await until(1)
      const notifier = createNotifier(pool, systemClock, t.system.log)
      notifier.notify(['drift'])
      notifier.notify(['drift', 'slos'])
      await notifier.flush()
      await until(3)
      expect([...heard].sort()).toEqual(['drift', 'reconnected', 'slos'])
      await pool.query(`select pg_notify('quarterdeck', 'no such channel')`)
      await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'quarterdeck-listen' and datname = current_database()`,
      )
      await until(4)
      expect(heard.at(-1)).toBe('reconnected')
      expect(lost).toBe(1)
      notifier.notify(['audit'])
      await notifier.flush()
      await until(5)
      expect(heard.at(-1)).toBe('audit')
    } finally {
      stop.abort()
      await listening
      await pool.end()
    }
  })

  it('that cannot be sent are no fault of whoever made the change', async () => {
    const pool = openPool({
      url: t.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'test',
      onError: () => undefined,
    })
    await pool.end()
    const notifier = createNotifier(pool, systemClock, t.system.log)
    notifier.notify(['drift'])
    await expect(notifier.flush()).resolves.toBeUndefined()
  })
})
