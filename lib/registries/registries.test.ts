import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { json } from '#lib/platform/db/schema.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { chooseModels } from './choose-models.ts'
import { connectRegistry } from './connect-registry.ts'
import { disableRegistry } from './disable-registry.ts'
import { upsertModels } from './queries-mirror.ts'
import { listRegistries, listUpstreamModels, readRegistry } from './reads.ts'
import { selectRegistry } from './queries.ts'
import { openSettings } from './sealed.ts'
import { testRegistry } from './test-registry.ts'

let t: TestSystem
let ws: TestWorkspace
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())

const url = 'https://mlflow.example.test'
async function connected() {
  ws = await t.workspace()
  const auth = { kind: 'basic' as const, username: 'qd', password: 'a very secret word' }
  return connectRegistry(await ws.as('admin'), { name: 'main', url, auth })
}

async function entries(kind: string) {
  const rows = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.outcome', 'd.content'])
    .where('e.workspace_id', '=', ws.id)
    .where('e.kind', '=', kind)
    .execute()
  return rows.map((r) => ({ outcome: r.outcome, content: r.content ?? '' }))
}

describe('connecting a registry', () => {
  it('seals what lets us in: it is in no view, no entry and no column, and the worker can open it', async () => {
    const { id, hookSecret } = await connected()
    const view = await readRegistry(await ws.as('viewer'), id)
    expect(view).toMatchObject({ state: 'checking', auth: 'basic', models: 0 })
    const told = await entries('registry:connect')
    expect(told).toMatchObject([{ outcome: 'done' }])
    const row = await selectRegistry(t.system.db, id)
    for (const secret of ['a very secret word', hookSecret]) expect(json([view, told, row])).not.toContain(secret)
    if (!row) throw new Error('it is not there')
    expect(openSettings(t.system.secrets, row).auth).toMatchObject({ password: 'a very secret word' })
    expect(() => openSettings(t.system.secrets, { ...row, id: 'rg_other' })).toThrow('does not open')
  })

  it('refuses who may not, a name twice, and addresses that are none', async () => {
    await connected()
    const admin = await ws.as('admin')
    await expect(connectRegistry(await ws.as('operator'), { name: 'two', url })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await entries('registry:connect')).toMatchObject([{ outcome: 'done' }, { outcome: 'denied' }])
    await expect(connectRegistry(admin, { name: 'main', url })).rejects.toMatchObject({ code: 'conflict' })
    for (const wrong of ['ftp://x', 'https://u:p@x', 'x', 'https://x/?a=1']) {
      await expect(connectRegistry(admin, { name: 'two', url: wrong })).rejects.toMatchObject({
        code: 'invalid',
        details: { errors: [{ path: 'url' }] },
      })
    }
  })
})

describe('a connected registry', () => {
  it('is nobody else’s', async () => {
    const { id } = await connected()
    const stranger = await (await t.workspace()).as('admin')
    const tries = [
      () => readRegistry(stranger, id),
      () => listUpstreamModels(stranger, id),
      () => testRegistry(stranger, { registryId: id }),
      () => chooseModels(stranger, { registryId: id, models: ['m'] }),
      () => disableRegistry(stranger, { registryId: id, reason: 'not mine' }),
    ]
    for (const attempt of tries) await expect(attempt()).rejects.toMatchObject({ code: 'not-found' })
    expect((await listRegistries(stranger)).items).toEqual([])
  })

  it('has models chosen by the names that it shows, and no others', async () => {
    const { id } = await connected()
    const admin = await ws.as('admin')
    await expect(chooseModels(admin, { registryId: id, models: ['A'] })).rejects.toMatchObject({ code: 'invalid' })
    const model = { description: '', tags: {}, aliases: {} }
    const seen = ['A', 'B'].map((name) => ({ ...model, name }))
    await housekeep(t.system, 'registry-mirror', (tx) => upsertModels(tx, id, seen, t.clock.now()))
    await expect(chooseModels(await ws.as('developer'), { registryId: id, models: ['A'] })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await chooseModels(admin, { registryId: id, models: ['A'] })).toEqual({ id, chosen: ['A'] })
    const first = await listUpstreamModels(admin, id, { limit: 1 })
    expect(first).toMatchObject({ items: [{ name: 'A', chosen: true }] })
    const rest = await listUpstreamModels(admin, id, { limit: 1, cursor: first.nextCursor ?? '' })
    expect(rest).toMatchObject({ items: [{ name: 'B', chosen: false }], nextCursor: null })
    expect(await entries('registry:choose')).toMatchObject([{ outcome: 'denied' }, { outcome: 'done' }])
  })

  it('is tested on request until it is disabled, which ends it and forgets its credentials', async () => {
    const { id } = await connected()
    const admin = await ws.as('admin')
    expect(await testRegistry(admin, { registryId: id })).toEqual({ id, state: 'checking' })
    await disableRegistry(admin, { registryId: id, reason: 'we moved' })
    expect(await selectRegistry(t.system.db, id)).toMatchObject({ state: 'disabled', sealedCredentials: null })
    expect(await entries('registry:disable')).toMatchObject([{ outcome: 'done' }])
    const tries = [
      () => testRegistry(admin, { registryId: id }),
      () => chooseModels(admin, { registryId: id, models: ['A'] }),
      () => disableRegistry(admin, { registryId: id, reason: 'again' }),
    ]
    for (const attempt of tries) await expect(attempt()).rejects.toMatchObject({ code: 'conflict' })
  })
})
