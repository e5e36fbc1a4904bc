import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { listIncidents } from './reads.ts'
import { reconcileIncidents } from './reconcile.ts'
import { countEntries, settle, tell, type TestEntry } from './testing/feed.ts'

let t: TestSystem
let ws: TestWorkspace
let operator: Ctx
let owner: pg.Client

beforeAll(async () => {
  t = await testSystem()
  owner = new pg.Client({ connectionString: t.databaseUrl })
  await owner.connect()
  await owner.query(
    `create function crash() returns trigger language plpgsql as $$ begin raise exception 'crashed here'; end $$`,
  )
})
afterAll(async () => {
  await owner.end()
  await t.close()
})
beforeEach(async () => {
  ws = await t.workspace()
  operator = await ws.as('operator')
  await settle(t)
})

const rollback = (id: string): TestEntry => ({
  action: 'rollout:roll-back',
  kind: 'rollout',
  id,
  after: { state: 'rolling-back', phase: 'intent' },
})
const incidents = async () => (await listIncidents(operator, { limit: 200 })).items
const cursor = () => t.system.db.selectFrom('feed_cursor').selectAll().executeTakeFirst()

describe('exactly once', () => {
  it.each([
    ['the incident', 'before insert on incident'],
    ['its event', 'before insert on incident_event'],
    ['the audit entry', 'before insert on audit_entry'],
    ['the content of the entry', 'before insert on audit_detail'],
    ['the cursor', 'before update on feed_cursor'],
    ['the commit', 'on incident'],
  ])('a crash at %s leaves nothing behind, and the next turn does it', async (what, where) => {
    await tell(ws, rollback('ro_crash'))
    const head =
      what === 'the commit' ? 'create constraint trigger crash_here after insert' : 'create trigger crash_here'
    const deferred = what === 'the commit' ? 'deferrable initially deferred' : ''
    await owner.query(`${head} ${where} ${deferred} for each row execute function crash()`)
    const before = await cursor()
    await expect(settle(t)).rejects.toThrow('crashed here')
    expect(await cursor()).toEqual(before)
    expect(await incidents()).toEqual([])
    expect(await countEntries(t, ws, 'incident:open')).toBe(0)

    await owner.query(`drop trigger crash_here on ${where.split(' ').at(-1)}`)
    await settle(t)
    expect(await incidents()).toHaveLength(1)
    expect(await countEntries(t, ws, 'incident:open')).toBe(1)
  })

  it('any number of workers at once open each incident once', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `ro_${i}`)
    for (const id of ids) await tell(ws, rollback(id))
    for (let round = 0; round < 30; round++) {
      const turns = [1, 2, 3, 4].map(() => reconcileIncidents(t.system))
      await Promise.all(turns)
      if ((await incidents()).length === ids.length) break
    }
    await settle(t)
    expect((await incidents()).map((i) => i.rolloutId).sort(byText)).toEqual(ids.sort(byText))
    expect(await countEntries(t, ws, 'incident:open')).toBe(ids.length)
  })

  it('does not wait for the sequencer', async () => {
    await tell(ws, rollback('ro_unsequenced'))
    await settle(t)
    expect(await incidents()).toHaveLength(1)
    expect(await t.system.db.selectFrom('audit_leaf').select('index').execute()).toEqual([])
  })

  it('keeps the order of transactions when an older one commits later, and misses neither', async () => {
    const late = gate()
    const begun = gate()
    const older = tell(ws, rollback('ro_older'), async (tx) => {
      await sql`select pg_current_xact_id()`.execute(tx)
      begun.open()
      await late.opened
    })
    await begun.opened
    await tell(ws, rollback('ro_newer'))
    await reconcileIncidents(t.system)
    expect(await incidents()).toEqual([])
    late.open()
    await older
    await settle(t)
    expect((await incidents()).map((i) => i.rolloutId)).toEqual(['ro_newer', 'ro_older'])
  })

  it('opens nothing for a rollback that did not commit', async () => {
    const failed = tell(ws, rollback('ro_aborted'), async (tx) => {
      await sql`select pg_current_xact_id()`.execute(tx)
      throw new Error('the process died')
    })
    await expect(failed).rejects.toThrow('the process died')
    await tell(ws, rollback('ro_committed'))
    await settle(t)
    expect((await incidents()).map((i) => i.rolloutId)).toEqual(['ro_committed'])
  })

  it('goes on past an entry of a workspace where the worker may not open incidents', async () => {
    const closed = await t.workspace()
    await tell(closed, rollback('ro_refused'))
    await owner.query(`update role_binding set revoked_at = now() where workspace_id = $1 and role = 'worker'`, [
      closed.id,
    ])
    await tell(ws, rollback('ro_after'))
    await settle(t)
    expect((await incidents()).map((i) => i.rolloutId)).toEqual(['ro_after'])
    expect((await listIncidents(await closed.as('operator'))).items).toEqual([])
  })
})

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

function byText(a: string | null, b: string | null): number {
  return (a ?? '').localeCompare(b ?? '')
}
