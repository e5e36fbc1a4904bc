import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerModel } from '#lib/models/register-model.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { listEntries } from './reads.ts'

let t: TestSystem
let ws: TestWorkspace
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
})
afterAll(() => t.close())

describe('what the log holds', () => {
  it('says when, where, who, what and why of an act (ASVS 16.2.1)', async () => {
    const dana = await ws.as('developer', 'dana')
    await registerModel(dana, { name: 'fraud', title: 'Fraud' })
    const [entry] = (await listEntries(await ws.as('auditor'), { kind: 'model:register' })).items
    expect(entry).toMatchObject({
      actorId: dana.actorId,
      requestId: dana.requestId,
      outcome: 'done',
      content: {
        actor: { issuer: 'https://idp.test', subject: dana.actor.subject, kind: 'person', via: 'api' },
        action: 'model:register',
        workspace: ws.id,
        because: expect.stringMatching(/\w/),
      },
    })
  })
  it('gives times in UTC, to the millisecond, by one clock (ASVS 16.2.2)', async () => {
    const { items } = await listEntries(await ws.as('auditor'))
    for (const entry of items) {
      expect(entry.content?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(entry.content?.time).toBe(entry.time.toISOString())
    }
  })
  it('records refused acts with who and why (ASVS 16.3.2, 16.3.3)', async () => {
    const viewer = await ws.as('viewer', 'vera')
    await expect(createEnvironment(viewer, { name: 'mine' })).rejects.toMatchObject({ code: 'forbidden' })
    const [denied] = (await listEntries(await ws.as('auditor'), { outcome: 'denied' })).items
    expect(denied).toMatchObject({
      kind: 'environment:create',
      actorId: viewer.actorId,
      content: { actor: { name: 'vera' } },
    })
  })
  it('fails closed: where no entry can be written, nothing is done (ASVS 16.5.3)', async () => {
    const pool = openPool({
      url: t.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'test',
      onError: () => undefined,
    })
    try {
      await pool.query('alter table audit_detail add constraint no_room check (false) not valid')
      const dana = await ws.as('developer', 'dana')
      await expect(registerModel(dana, { name: 'unlogged', title: 'Unlogged' })).rejects.toThrow()
      const { rows } = await pool.query(`select 1 from model where name = 'unlogged'`)
      expect(rows).toEqual([])
    } finally {
      await pool.query('alter table audit_detail drop constraint no_room')
      await pool.end()
    }
  })
})
