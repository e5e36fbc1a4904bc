import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { castVote } from '#lib/approvals/cast-vote.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { claimDue } from '#lib/platform/claim.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { createChannel } from './create-channel.ts'
import { attemptsMax } from './model.ts'
import { listDeliveries, listInbox, readDelivery } from './reads.ts'
import { reconcileDeliveries } from './reconcile-deliveries.ts'
import { removeChannel } from './remove-channel.ts'
import { retryDelivery } from './retry-delivery.ts'
import { addMail, follow, openOffice, prefer, sendOut, type Office } from './testing/told.ts'

let t: TestSystem
let office: Office
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())
beforeEach(async () => {
  office = await openOffice(t)
  await addMail(office)
  await prefer(office.priya)
  t.receiver.arrived.length = 0
  t.receiver.answers.length = 0
})

const deliveries = async () => (await listDeliveries(office.admin)).items
const logOf = async (id: string) => (await readDelivery(office.admin, id)).log
const only = async () => {
  const [delivery, ...more] = await deliveries()
  expect(more).toEqual([])
  return delivery!
}
const subjects = () => t.receiver.arrived.map(({ message }) => message.subject)

describe('a delivery', () => {
  it('goes to the address of whom it is for, with a link to the page, and is recorded', async () => {
    const asked = await office.ask()
    await follow(t)
    await sendOut(t)
    const [sent] = t.receiver.arrived
    expect(sent?.channel).toMatchObject({
      kind: 'email',
      to: 'priya@acme.example',
      server: { host: 'mail.acme.example', user: 'mailer', password: 'a password that nobody sees' },
    })
    const { id } = await only()
    expect(sent?.message).toMatchObject({
      id,
      subject: 'fraud@1.0.0 for staging waits for your decision',
      url: `${t.system.config.origin}/approvals/${asked.id}`,
    })
    expect(sent?.message.text).not.toMatch(/dana|secret reason/)
    expect(await only()).toMatchObject({ state: 'delivered', attempts: 1, items: 1, recipient: { name: 'priya' } })
    expect(await logOf(id)).toMatchObject([{ attempt: 1, outcome: 'accepted' }])
    expect(JSON.stringify(await deliveries())).not.toMatch(/password|acme\.example/)
  })

  it('is tried again with growing pauses while the receiver is down, slow or failing, and given up visibly', async () => {
    const refused = { outcome: 'refused', permanent: false, because: 'the mail server answered 451: later' } as const
    t.receiver.answers.push('not-reached', refused, ...Array.from({ length: attemptsMax - 2 }, () => refused))
    await office.ask()
    await follow(t)
    const pauses: number[] = []
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      await sendOut(t)
      const { dueAt } = await only()
      if (!dueAt) break
      const pauseMs = dueAt.getTime() - t.clock.now().getTime()
      pauses.push(pauseMs / 1000)
      t.clock.advance(pauseMs - 1)
      expect(await reconcileDeliveries(t.system, 'test')).toBe(0)
      t.clock.advance(1)
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600])
    const dead = await only()
    expect(dead).toMatchObject({ state: 'dead', because: refused.because, attempts: attemptsMax })
    expect((await logOf(dead.id)).map((a) => a.attempt)).toEqual(Array.from({ length: attemptsMax }, (_, i) => i + 1))
    await retryDelivery(office.admin, { deliveryId: dead.id, reason: 'the server is back' })
    await sendOut(t)
    expect(await only()).toMatchObject({ state: 'delivered' })
    expect(t.receiver.arrived).toHaveLength(1)
  })

  it('is given up at once when it is refused for good', async () => {
    t.receiver.answers.push({
      outcome: 'refused',
      permanent: true,
      because: 'the mail server answered 550: nobody here',
    })
    await office.ask()
    await follow(t)
    await sendOut(t)
    expect(await only()).toMatchObject({ state: 'dead', attempts: 1 })
  })

  it('arrives a second time under the same id when the answer was lost', async () => {
    t.receiver.answers.push('lost')
    await office.ask()
    await follow(t)
    await sendOut(t)
    t.clock.advance(30_000)
    await sendOut(t)
    expect(new Set(t.receiver.arrived.map(({ message }) => message.id)).size).toBe(1)
    expect(t.receiver.arrived).toHaveLength(2)
    expect(await only()).toMatchObject({ state: 'delivered', attempts: 2 })
  })

  it('is done by another worker when one has died between claim and record', async () => {
    await office.ask()
    await follow(t)
    await housekeep(t.system, 'lease', (tx) =>
      claimDue(tx, 'notification_delivery', { now: t.clock.now(), holder: 'dying', leaseSeconds: 120, limit: 10 }),
    )
    expect(await reconcileDeliveries(t.system, 'other')).toBe(0)
    t.clock.advance(120_000)
    await sendOut(t)
    expect(t.receiver.arrived).toHaveLength(1)
    expect(await only()).toMatchObject({ state: 'delivered' })
  })

  it('is sent once with any number of workers', async () => {
    for (let i = 0; i < 12; i++) await office.ask()
    await follow(t)
    await Promise.all([1, 2, 3, 4].map((n) => reconcileDeliveries(t.system, `worker-${n}`)))
    await sendOut(t)
    expect(new Set(subjects()).size).toBe(12)
    expect(t.receiver.arrived).toHaveLength(12)
  })
})

describe('what was queued and concerns them no more', () => {
  it.each<[string, (asked: Awaited<ReturnType<Office['ask']>>) => Promise<unknown>, string]>([
    ['lost their role', () => loseRole('priya'), 'no role here any more'],
    [
      'has decided',
      ({ id, revisionDigest }) =>
        castVote(office.priya, { approvalId: id, revisionDigest, decision: 'approve', reason: 'looked at it' }),
      'nothing in it concerns them',
    ],
    ['wants it no longer', () => prefer(office.priya, { emailKinds: [] }), 'nothing in it concerns them'],
    ['has taken their address away', () => prefer(office.priya, { email: null }), 'no mail address'],
    ['has muted mail', () => prefer(office.priya, { mutedUntil: new Date(t.clock.now().getTime() + 1) }), 'muted'],
    ['has no channel any more', () => removeMail(), 'the channel was removed'],
  ])('is not sent to who %s', async (_, happen, because) => {
    const asked = await office.ask()
    await follow(t)
    await happen(asked)
    await sendOut(t)
    expect(t.receiver.arrived).toEqual([])
    const dropped = (await deliveries()).find((d) => d.recipient?.name === 'priya')
    expect(dropped).toMatchObject({ state: 'dropped', because: expect.stringContaining(because) })
  })
})

describe('a digest', () => {
  it('gathers what happened into one mail at the hour that was chosen', async () => {
    await prefer(office.priya, { timing: 'daily', timeZone: 'Europe/Berlin', digestHour: 18 })
    for (let i = 0; i < 3; i++) await office.ask()
    await follow(t)
    await sendOut(t)
    expect(t.receiver.arrived).toEqual([])
    const { dueAt, form, items } = await only()
    expect({ dueAt: dueAt?.toISOString(), form, items }).toEqual({
      dueAt: `${t.clock.now().toISOString().slice(0, 10)}T17:00:00.000Z`,
      form: 'digest',
      items: 3,
    })
    t.clock.set(dueAt!)
    await sendOut(t)
    const [{ message } = { message: undefined }] = t.receiver.arrived
    expect(message?.subject).toBe('3 things in Quarterdeck: fraud@1.0.0 for staging waits for your decision')
    expect(message?.text.match(/approvals\/ap_/g)).toHaveLength(3)
    t.clock.set(new Date('2026-03-20T09:00:00.000Z'))
  })

  it('that is being sent takes nothing in: what comes meanwhile is in the next', async () => {
    await prefer(office.priya, { timing: 'hourly' })
    await office.ask()
    await follow(t)
    const { dueAt } = await only()
    t.clock.set(new Date(dueAt!.getTime() - 1))
    await housekeep(t.system, 'lease', (tx) =>
      claimDue(tx, 'notification_delivery', { now: dueAt!, holder: 'quick', leaseSeconds: 120, limit: 10 }),
    )
    await office.ask()
    await follow(t)
    expect((await deliveries()).map((d) => d.items)).toEqual([1, 1])
  })
})

describe('a webhook', () => {
  it('is told of the kinds it was made for, signed with a secret that is shown once', async () => {
    const url = 'https://hooks.example/T0/secret-path'
    const made = await createChannel(office.admin, {
      kind: 'webhook',
      name: 'Team',
      config: { url },
      kinds: ['approval-waiting'],
    })
    expect(made).toMatchObject({ secret: expect.stringMatching(/^whsec_/), address: 'https://hooks.example/…' })
    await office.ask()
    await follow(t)
    await sendOut(t)
    const hook = t.receiver.arrived.find(({ channel }) => channel.kind === 'webhook')
    expect(hook?.channel).toEqual({ kind: 'webhook', url, secret: made.secret })
    expect(hook?.message).toMatchObject({ type: 'approval-waiting', data: { resource: { kind: 'approval' } } })
    expect((await listInbox(office.priya)).items).toHaveLength(1)
  })
})

async function loseRole(name: string): Promise<void> {
  const bindings = await t.system.db
    .selectFrom('role_binding as b')
    .innerJoin('identity as i', 'i.id', 'b.identity_id')
    .select('b.id')
    .where('b.workspace_id', '=', office.ws.id)
    .where('i.name', '=', name)
    .execute()
  for (const { id } of bindings) await unbindRole(office.admin, { bindingId: id, reason: 'left us' })
}

async function removeMail(): Promise<void> {
  const rows = await t.system.db
    .selectFrom('notification_channel')
    .select('id')
    .where('workspace_id', '=', office.ws.id)
    .execute()
  for (const { id } of rows) await removeChannel(office.admin, { channelId: id, reason: 'moved' })
}
