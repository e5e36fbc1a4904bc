import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { createChannel } from './create-channel.ts'
import type { CreateChannelInput } from './model.ts'
import { listChannels, listDeliveries, readDelivery, readPreference } from './reads.ts'
import { removeChannel } from './remove-channel.ts'
import { retryDelivery } from './retry-delivery.ts'
import { testChannel } from './test-channel.ts'
import { addMail, openOffice, prefer, sendOut, type Office } from './testing/told.ts'

let t: TestSystem
let office: Office
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())
beforeEach(async () => {
  office = await openOffice(t)
  t.receiver.arrived.length = 0
})

const contents = async (kind: string) =>
  (
    await t.system.db
      .selectFrom('audit_entry as e')
      .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
      .select(['d.content', 'e.outcome'])
      .where('e.workspace_id', '=', office.ws.id)
      .where('e.kind', '=', kind)
      .orderBy('e.id')
      .execute()
  ).map(({ content, outcome }) => ({ outcome, content: content ?? '' }))
const hook = (url = 'https://hooks.example/in'): CreateChannelInput => ({
  kind: 'webhook',
  name: 'Team',
  config: { url },
  kinds: ['approval-decided'],
})

describe('channels', () => {
  it('are made and removed by admins, with entries that hold no secret', async () => {
    const mail = await addMail(office)
    const { secret } = await createChannel(office.admin, hook('https://hooks.example/token-in-path'))
    expect((await listChannels(office.admin)).map((c) => c.kind)).toEqual(['email', 'webhook'])
    expect(await removeChannel(office.admin, { channelId: mail.id, reason: 'moved away' })).toEqual({
      channelId: mail.id,
    })
    expect((await listChannels(office.admin)).map((c) => c.kind)).toEqual(['webhook'])
    const [made, other] = await contents('channel:create')
    expect(JSON.parse(made?.content ?? '{}')).toMatchObject({
      after: { kind: 'email', recipientDomains: ['acme.example'] },
    })
    expect(await contents('channel:remove')).toMatchObject([{ outcome: 'done' }])
    const rows = await t.system.db.selectFrom('notification_channel').selectAll().execute()
    for (const text of [
      JSON.stringify(rows),
      made?.content,
      other?.content,
      JSON.stringify(await listChannels(office.admin)),
    ]) {
      expect(text).not.toContain('nobody sees')
      expect(text).not.toContain(secret)
    }
    expect(made?.content + (other?.content ?? '')).not.toContain('token-in-path')
    expect(rows.find((row) => row.id === mail.id)?.sealed_secret).toBeNull()
  })

  it('are refused to others, of other workspaces, twice, and when they are wrong', async () => {
    const mail = await addMail(office)
    await expect(addMail(office)).rejects.toMatchObject({ code: 'conflict' })
    await expect(createChannel(office.priya, hook())).rejects.toMatchObject({ code: 'forbidden' })
    expect(await contents('channel:create')).toMatchObject([{ outcome: 'done' }, { outcome: 'denied' }])
    await expect(listChannels(office.priya)).rejects.toMatchObject({ code: 'forbidden' })
    const elsewhere = (await openOffice(t)).admin
    const remove = (ctx: Ctx) => removeChannel(ctx, { channelId: mail.id, reason: 'moved away' })
    await expect(remove(elsewhere)).rejects.toMatchObject({ code: 'not-found' })
    await expect(testChannel(elsewhere, { channelId: mail.id })).rejects.toMatchObject({ code: 'not-found' })
    await remove(office.admin)
    await expect(remove(office.admin)).rejects.toMatchObject({ code: 'conflict' })
  })

  it.each<[string, string]>([
    ['http://169.254.169.254/latest', 'config.url'],
    ['https://user:secret@hooks.example/', 'config.url'],
    ['ftp://hooks.example/', 'config.url'],
    ['https://[fe80::1]/', 'config.url'],
    ['not a url', 'config.url'],
  ])('refuse the address %s', async (url, path) => {
    await expect(createChannel(office.admin, hook(url))).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [expect.objectContaining({ path })] },
    })
  })

  it('refuse http and this machine where the installation is not all on it', async () => {
    const config = { ...office.admin.config, personas: false }
    for (const url of ['http://hooks.example/', 'https://127.0.0.1/'])
      await expect(createChannel({ ...office.admin, config }, hook(url))).rejects.toMatchObject({ code: 'invalid' })
  })

  it('are tried by a message that says that it is a test', async () => {
    const mail = await addMail(office)
    await expect(testChannel(office.admin, { channelId: mail.id })).rejects.toMatchObject({ code: 'conflict' })
    await prefer(office.admin)
    const { deliveryId } = await testChannel(office.admin, { channelId: mail.id })
    await sendOut(t)
    expect(t.receiver.arrived).toMatchObject([
      { channel: { to: 'ingrid@acme.example' }, message: { id: deliveryId, type: 'test' } },
    ])
    expect(await readDelivery(office.admin, deliveryId)).toMatchObject({ form: 'test', state: 'delivered' })
    const elsewhere = (await openOffice(t)).admin
    await expect(readDelivery(elsewhere, deliveryId)).rejects.toMatchObject({ code: 'not-found' })
    await expect(retryDelivery(elsewhere, { deliveryId, reason: 'try again' })).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(retryDelivery(office.admin, { deliveryId, reason: 'try again' })).rejects.toMatchObject({
      code: 'conflict',
      details: { state: 'delivered' },
    })
    await expect(retryDelivery(office.priya, { deliveryId, reason: 'try again' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect((await listDeliveries(office.admin, { state: 'dead' })).items).toEqual([])
  })
})

describe('what somebody chooses', () => {
  it('is kept, and told to the log without the address', async () => {
    expect(await readPreference(office.priya)).toMatchObject({
      email: null,
      timing: 'at-once',
      emailBecause: expect.stringContaining('no mail server'),
    })
    await addMail(office)
    await prefer(office.priya, { timing: 'daily', timeZone: 'Asia/Kolkata', digestHour: 7 })
    expect(await readPreference(office.priya)).toMatchObject({
      email: 'priya@acme.example',
      timing: 'daily',
      timeZone: 'Asia/Kolkata',
      emailBecause: null,
    })
    const [entry] = await contents('notification:prefer')
    expect(JSON.parse(entry?.content ?? '{}')).toMatchObject({ after: { timing: 'daily', hasEmail: true } })
    expect(entry?.content).not.toContain('@acme.example')
    expect(await readPreference(office.dana)).toMatchObject({ email: null })
  })

  it.each<[string, object]>([
    ['email', { email: 'priya@elsewhere.example' }],
    ['email', { email: 'not an address' }],
    ['email', { email: 'a@acme.example\r\nBcc: x@y.example' }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['digestHour', { digestHour: 24 }],
    ['emailKinds.0', { emailKinds: ['everything'] }],
    ['', { more: true }],
  ])('names a wrong %s', async (path, more) => {
    await addMail(office)
    await expect(prefer(office.priya, more)).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [expect.objectContaining({ path })] },
    })
  })

  it('needs a role', async () => {
    const stranger = { ...office.priya, workspaceId: (await openOffice(t)).ws.id }
    await expect(prefer(stranger)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(readPreference(stranger)).rejects.toMatchObject({ code: 'forbidden' })
  })
})
