import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSystem, type TestSystem, type TestWorkspace } from '../tests/support/system.ts'
import { mutate } from './mutate.ts'
import { bindRole } from './members/bind-role.ts'
import { unbindRole } from './members/unbind-role.ts'
import type { Ctx } from './platform/context.ts'
import type { Tx } from './platform/db/schema.ts'
import { writerOf } from './platform/db/writer.ts'
import { problem } from './platform/errors.ts'

let t: TestSystem
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())

/** A governed write of one row: an environment of that name. */
function write(ctx: Ctx, name: string, then: (tx: Tx) => Promise<void> = () => Promise.resolve()) {
  const resource = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  return mutate(
    ctx,
    { action: 'environment:create', load: () => Promise.resolve({ subject: name, resource }) },
    async (tx) => {
      await tx
        .insertInto('environment')
        .values({ id: `en_${name}`, workspace_id: ctx.workspaceId, name, protected: true, created_at: ctx.clock.now() })
        .execute()
      await then(tx)
      return { value: { name }, audit: { after: { name }, because: 'a test asked for it' } }
    },
  )
}

const environments = (ws: TestWorkspace) =>
  t.system.db.selectFrom('environment').select('name').where('workspace_id', '=', ws.id).orderBy('name').execute()

const entries = (ws: TestWorkspace, kind = 'environment:create') =>
  t.system.db
    .selectFrom('audit_entry')
    .select(['id', 'outcome', 'actor_id', 'xid', 'resource_kind'])
    .where('workspace_id', '=', ws.id)
    .where('kind', '=', kind)
    .orderBy('id')
    .execute()

describe('the one door', () => {
  it('writes the state and its entry in one transaction', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin')
    await expect(write(admin, 'together')).resolves.toEqual({ name: 'together' })
    const [entry] = await entries(ws)
    expect(entry).toMatchObject({ outcome: 'done', actor_id: admin.actorId })
    const { rows } = await sql<{ same: boolean }>`
      select e.xmin::text = mod(${entry!.xid}::text::numeric, 4294967296)::text as same
      from environment e where e.id = 'en_together'`.execute(writerOf(t.system))
    expect(rows).toEqual([{ same: true }])
  })

  it('leaves neither when the callback fails after it wrote', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin')
    const failing = write(admin, 'gone', () => Promise.reject(problem('conflict', 'after all not')))
    await expect(failing).rejects.toMatchObject({ code: 'conflict' })
    expect([await environments(ws), await entries(ws)]).toEqual([[], []])
  })

  it('leaves no state when the entry cannot be written', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin')
    const resource = { kind: 'workspace', id: ws.id, workspaceId: ws.id }
    const tooLarge = mutate(
      admin,
      { action: 'environment:create', load: () => Promise.resolve({ subject: 1, resource }) },
      async (tx) => {
        await tx
          .insertInto('environment')
          .values({ id: 'en_large', workspace_id: ws.id, name: 'large', protected: true, created_at: t.clock.now() })
          .execute()
        return { value: 1, audit: { because: 'x'.repeat(300_000) } }
      },
    )
    await expect(tooLarge).rejects.toThrow('record digests')
    expect([await environments(ws), await entries(ws)]).toEqual([[], []])
  })

  it('answers not-found for what is not there and for what is of another workspace (ASVS 8.2.2)', async () => {
    const [ws, other] = [await t.workspace(), await t.workspace()]
    const admin = await ws.as('admin')
    const foreign = { kind: 'workspace', id: other.id, workspaceId: other.id }
    const loads = [undefined, { subject: 1, resource: foreign }]
    for (const loaded of loads) {
      const attempt = mutate(admin, { action: 'environment:create', load: () => Promise.resolve(loaded) }, () => {
        throw new Error('the callback must not run')
      })
      await expect(attempt).rejects.toMatchObject({ code: 'not-found' })
    }
    expect(await entries(ws)).toEqual([])
    expect(await entries(other)).toEqual([])
  })

  it('counts each outcome in a metric', async () => {
    const ws = await t.workspace()
    await write(await ws.as('admin'), 'counted')
    await write(await ws.as('viewer'), 'refused').catch(() => undefined)
    const metric = await t.system.metrics.mutations.get()
    const outcomes = metric.values.filter((v) => v.labels.action === 'environment:create').map((v) => v.labels.outcome)
    expect(outcomes).toEqual(expect.arrayContaining(['done', 'forbidden']))
  })
})

describe('a denial', () => {
  it('is recorded in a transaction of its own, with the roles that may (ASVS 16.3.2)', async () => {
    const ws = await t.workspace()
    const viewer = await ws.as('viewer')
    await expect(write(viewer, 'never')).rejects.toMatchObject({
      code: 'forbidden',
      details: { action: 'environment:create', rolesThatMay: ['admin'] },
    })
    expect(await environments(ws)).toEqual([])
    expect(await entries(ws)).toMatchObject([{ outcome: 'denied', actor_id: viewer.actorId }])
  })

  it('is recorded too when a rule of the domain refuses what the role allows', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin')
    const refused = write(admin, 'separated', () =>
      Promise.reject(problem('forbidden', 'Not by whoever asked for it.', { rule: 1 })),
    )
    await expect(refused).rejects.toMatchObject({ code: 'forbidden', details: { rule: 1 } })
    expect(await environments(ws)).toEqual([])
    const [entry] = await entries(ws)
    expect(entry).toMatchObject({ outcome: 'denied' })
    const detail = await t.system.db
      .selectFrom('audit_detail')
      .select('content')
      .where('entry_id', '=', entry!.id)
      .executeTakeFirstOrThrow()
    expect(JSON.parse(detail.content ?? '')).toMatchObject({ because: 'Not by whoever asked for it.' })
  })

  it('is recorded ten times a minute and actor, and again in the next minute', async () => {
    const ws = await t.workspace()
    const viewer = await ws.as('viewer')
    const refusals = async (count: number) => {
      for (let i = 0; i < count; i++) await expect(write(viewer, 'no')).rejects.toMatchObject({ code: 'forbidden' })
    }
    await refusals(13)
    expect(await entries(ws)).toHaveLength(10)
    await expect(write(await ws.as('developer'), 'no')).rejects.toMatchObject({ code: 'forbidden' })
    expect(await entries(ws)).toHaveLength(11)
    t.clock.advance(60_000)
    await refusals(1)
    expect(await entries(ws)).toHaveLength(12)
  })
})

describe('an idempotency key', () => {
  const withKey = (ctx: Ctx, key: string): Ctx => ({
    ...ctx,
    idempotency: { key, requestDigest: 'sha256:of-the-request' },
  })

  it('has its answer stored by the write itself', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin')
    await write(withKey(admin, 'k1'), 'answered')
    const row = await t.system.db
      .selectFrom('idempotency_key')
      .selectAll()
      .where('key', '=', 'k1')
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ actor_id: admin.actorId, workspace_id: ws.id, response: { name: 'answered' } })
  })

  it('is not stored by a write that failed', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin')
    await write(withKey(admin, 'k2'), 'failed', () => Promise.reject(new Error('no'))).catch(() => undefined)
    expect(await t.system.db.selectFrom('idempotency_key').selectAll().where('key', '=', 'k2').execute()).toEqual([])
  })

  it('lets one of many parallel requests act (ASVS 2.3.4)', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin')
    const names = Array.from({ length: 8 }, (_, i) => `parallel-${i}`)
    const results = await Promise.allSettled(names.map((name) => write(withKey(admin, 'k3'), name)))
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1)
    for (const r of results)
      if (r.status === 'rejected') expect(r.reason).toMatchObject({ code: 'conflict', details: { retry: true } })
    expect(await environments(ws)).toHaveLength(1)
    expect(await entries(ws)).toHaveLength(1)
  })
})

describe('a role', () => {
  it('cannot be taken away between check and commit', async () => {
    const ws = await t.workspace()
    const [admin, other] = [await ws.as('admin', 'ada'), await ws.as('admin', 'bob')]
    const binding = await bindingOf(admin)
    const inside = gate()
    const goOn = gate()
    const writing = write(admin, 'held', async () => {
      inside.open()
      await goOn.opened
    })
    await inside.opened
    const unbinding = unbindRole(other, { bindingId: binding, reason: 'left the company' })
    await waitsForLock()
    goOn.open()
    await Promise.all([writing, unbinding])
    expect(await entries(ws)).toHaveLength(1)
    await expect(write(admin, 'later')).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('taken away first stops the write that waited for it', async () => {
    const ws = await t.workspace()
    const admin = await ws.as('admin', 'ada')
    const binding = await bindingOf(admin)
    const [locked, goOn] = [gate(), gate()]
    const taking = writerOf(t.system)
      .transaction()
      .execute(async (tx) => {
        await tx.updateTable('role_binding').set({ revoked_at: t.clock.now() }).where('id', '=', binding).execute()
        locked.open()
        await goOn.opened
      })
    await locked.opened
    const writing = write(admin, 'too-late')
    const refused = writing.catch((error: unknown) => error)
    await waitsForLock()
    goOn.open()
    await taking
    expect(await refused).toMatchObject({ code: 'forbidden' })
    expect(await environments(ws)).toEqual([])
  })

  it('of two admins who unbind each other at once: one does, the other has lost it', async () => {
    for (let round = 0; round < 5; round++) {
      const ws = await t.workspace()
      const [ada, bob] = [await ws.as('admin', 'ada'), await ws.as('admin', 'bob')]
      const [adas, bobs] = [await bindingOf(ada), await bindingOf(bob)]
      const results = await Promise.allSettled([
        unbindRole(ada, { bindingId: bobs, reason: 'a quarrel' }),
        unbindRole(bob, { bindingId: adas, reason: 'a quarrel' }),
      ])
      expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1)
      const lost = results.find((r) => r.status === 'rejected')
      expect(lost?.reason).toMatchObject({ code: 'forbidden' })
    }
  })

  it('is looked up where the thing is: a role elsewhere allows nothing (ASVS 8.2.1)', async () => {
    const [ws, other] = [await t.workspace(), await t.workspace()]
    const admin = await ws.as('admin')
    await expect(write({ ...admin, workspaceId: other.id }, 'elsewhere')).rejects.toMatchObject({ code: 'forbidden' })
    await bindRole(await other.as('admin'), {
      issuer: admin.actor.issuer,
      subject: admin.actor.subject,
      name: 'Ada',
      role: 'admin',
    })
    await expect(write({ ...admin, workspaceId: other.id }, 'elsewhere')).resolves.toEqual({ name: 'elsewhere' })
  })
})

async function bindingOf(ctx: Ctx): Promise<string> {
  const row = await t.system.db
    .selectFrom('role_binding')
    .select('id')
    .where('identity_id', '=', ctx.actorId)
    .where('workspace_id', '=', ctx.workspaceId)
    .executeTakeFirstOrThrow()
  return row.id
}

/** Resolves once some connection to this database waits for a lock. */
async function waitsForLock(): Promise<void> {
  for (let i = 0; i < 5_000; i++) {
    const { rows } = await sql`select 1 from pg_locks where not granted`.execute(writerOf(t.system))
    if (rows.length > 0) return
  }
  throw new Error('nothing waits for a lock')
}

function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}
