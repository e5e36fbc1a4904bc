import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemCtx } from '#lib/platform/call.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { ensureEpoch } from './epoch.ts'
import { parseLeaf } from './leaf.ts'
import { lagAlarmSeconds, observeLag, readLag } from './lag.ts'
import { sequenceEntries } from './sequence.ts'
import { appendOne, openTransaction, placesOf, verifyLog } from './testing/log.ts'

let t: TestSystem
// A database of its own for each test: a log belongs to the whole installation.
beforeEach(async () => {
  t = await testSystem()
})
afterEach(() => t.close())

const appendMany = async (count: number) => {
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push(await appendOne(t.system, `entry ${i}`))
  return ids
}

describe('the sequencer', () => {
  it('gives each entry one place, in the order of their transactions', async () => {
    const ids = await appendMany(7)
    expect(await sequenceEntries(t.system)).toBe(7)
    expect(await sequenceEntries(t.system)).toBe(0)
    const more = await appendMany(3)
    expect(await sequenceEntries(t.system)).toBe(3)
    expect(await placesOf(t.system)).toEqual([...ids, ...more])
  })

  it('makes a log that the verifier of the formats accepts, over several tiles', async () => {
    for (const count of [1, 255, 1, 300]) {
      await Promise.all(Array.from({ length: count }, (_, i) => appendOne(t.system, `entry ${i}`)))
      await sequenceEntries(t.system)
      const report = await verifyLog(systemCtx(t.system))
      expect(report.findings).toEqual([])
      // Each export is an entry itself, which the next turn sequences.
      expect(report).toMatchObject({ ok: true, keyTrusted: true, size: (await placesOf(t.system)).length })
    }
    const { length } = await placesOf(t.system)
    expect(length).toBe(557 + 3)
  })

  it('signs heads of which each extends the one before, for whoever kept an old one', async () => {
    await appendMany(3)
    await sequenceEntries(t.system)
    const first = await t.system.db.selectFrom('audit_checkpoint').selectAll().executeTakeFirstOrThrow()
    await appendMany(5)
    await sequenceEntries(t.system)
    const heads = await t.system.db.selectFrom('audit_checkpoint').select('size').orderBy('size').execute()
    expect(heads.map((h) => h.size)).toEqual([3n, 8n])
    const ctx = systemCtx(t.system)
    expect((await verifyLog(ctx)).ok).toBe(true)
    expect(first.note).toContain('quarterdeck.local/log\n3\n')
  })

  it('makes one log when two run at once', async () => {
    const other = { ...t.system, instance: { id: 'ffffffffffffffff', next: () => 1n } }
    const all = appendManyParallel(60)
    const turns = async (system: typeof t.system) => {
      let placed = 0
      for (let i = 0; i < 15; i++) placed += await sequenceEntries(system)
      return placed
    }
    const [a, b] = await Promise.all([turns(t.system), turns(other)])
    const ids = await all
    const rest = await sequenceEntries(t.system)
    expect(a + b + rest).toBe(60)
    expect(new Set(await placesOf(t.system))).toEqual(new Set(ids))
    expect((await verifyLog(systemCtx(t.system))).ok).toBe(true)
  })

  it('misses no entry of a transaction that commits late', async () => {
    const late = await openTransaction(t.system, 'late')
    const early = await appendMany(3)
    expect(await sequenceEntries(t.system)).toBe(3)
    expect(await sequenceEntries(t.system)).toBe(0)
    await late.commit()
    expect(await sequenceEntries(t.system)).toBe(1)
    expect(await placesOf(t.system)).toEqual([...early, late.id])
    const after = await appendMany(1)
    expect(await sequenceEntries(t.system)).toBe(1)
    expect((await placesOf(t.system)).at(-1)).toBe(after[0])
  })

  it('places what an older epoch left over before what came after a restore elsewhere', async () => {
    const [last] = await appendMany(1)
    await sequenceEntries(t.system)
    const owner = openPool({
      url: t.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'test',
      onError: () => undefined,
    })
    const copied = `ae_${'z'.repeat(26)}`
    // As a dump of another cluster holds it: a transaction id far ahead of this cluster's.
    await owner.query(
      `insert into audit_entry select $1, epoch, '99999999999'::xid8, time, kind, workspace_id, actor_id, resource_kind, resource_id, outcome, digest, instance, counter + 1000, mac from audit_entry where id = $2`,
      [copied, last],
    )
    await owner.query(`update audit_epoch set system_identifier = 'of another cluster'`)
    await owner.end()
    expect(await ensureEpoch(t.system)).toBe(2)
    expect(await ensureEpoch(t.system)).toBe(2)
    const [fresh] = await appendMany(1)
    expect(await sequenceEntries(t.system)).toBe(2)
    expect(await sequenceEntries(t.system)).toBe(0)
    const [next] = await appendMany(1)
    expect(await sequenceEntries(t.system)).toBe(1)
    expect(await placesOf(t.system)).toEqual([last, copied, fresh, next])
  })

  it('reports an entry that was not made here, and places it all the same', async () => {
    const errors: unknown[] = []
    const log = t.system.log.child({})
    log.error = (...args: unknown[]) => void errors.push(args[0])
    const [id] = await appendMany(1)
    const owner = openPool({
      url: t.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'test',
      onError: () => undefined,
    })
    await owner.query('alter table audit_entry disable trigger audit_entry_fixed')
    await owner.query(`update audit_entry set kind = 'model:forget' where id = $1`, [id])
    await owner.end()
    expect(await sequenceEntries({ ...t.system, log })).toBe(1)
    expect(errors).toEqual([{ entryId: id }])
    const leaf = await t.system.db.selectFrom('audit_leaf').select('leaf').executeTakeFirstOrThrow()
    expect(parseLeaf(leaf.leaf)).toMatchObject({ id, kind: 'model:forget' })
  })
})

describe("the sequencer's lag", () => {
  it('is the number and the age of the entries without a place', async () => {
    expect(await readLag(t.system.db, t.clock.now())).toEqual({ backlog: 0, oldestAt: null, lagSeconds: 0 })
    const madeAt = t.clock.now()
    await appendMany(2)
    t.clock.advance(5_000)
    await appendMany(1)
    expect(await observeLag(t.system)).toEqual({ backlog: 3, oldestAt: madeAt, lagSeconds: 5, alarm: false })
    expect((await t.system.metrics.auditBacklog.get()).values[0]?.value).toBe(3)
    expect((await t.system.metrics.auditLagSeconds.get()).values[0]?.value).toBe(5)
    t.clock.advance(lagAlarmSeconds * 1_000)
    expect(await observeLag(t.system)).toMatchObject({ alarm: true })
    await sequenceEntries(t.system)
    expect(await observeLag(t.system)).toEqual({ backlog: 0, oldestAt: null, lagSeconds: 0, alarm: false })
  })
})

async function appendManyParallel(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => appendOne(t.system, `parallel ${i}`)))
}
