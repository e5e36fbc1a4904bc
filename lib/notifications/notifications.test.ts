import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { castVote } from '#lib/approvals/cast-vote.ts'
import { readApproval } from '#lib/approvals/reads.ts'
import { revokeApproval } from '#lib/approvals/revoke-approval.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { markRead } from './mark-read.ts'
import { reminderMs } from './model.ts'
import { countUnread, listInbox } from './reads.ts'
import { reconcileReminders } from './reconcile-reminders.ts'
import { reconcileNotifications } from './reconcile.ts'
import { addMail, follow, openOffice, prefer, sendOut, type Office } from './testing/told.ts'
import type { Ctx } from '#lib/platform/context.ts'

let t: TestSystem
let office: Office
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())
beforeEach(async () => {
  office = await openOffice(t)
})

const titles = async (ctx: Ctx) => (await listInbox(ctx)).items.map((n) => n.title)
const vote = (ctx: Ctx, asked: { id: string; revisionDigest: string }, decision: 'approve' | 'reject' = 'approve') =>
  castVote(ctx, { approvalId: asked.id, decision, reason: 'looked at it', revisionDigest: asked.revisionDigest })
const loseCursor = () => housekeep(t.system, 'feed-cursor', (tx) => tx.deleteFrom('feed_cursor').execute())

describe('who is told', () => {
  it('is whoever may decide, and not who asked, who only reads, or who is of another workspace', async () => {
    const [olu, elsewhere] = [await office.ws.as('viewer', 'olu'), await openOffice(t)]
    const validator = await office.ws.as('validator', 'vera')
    const asked = await office.ask()
    await follow(t)
    expect(await titles(office.priya)).toEqual(['fraud@1.0.0 for staging waits for your decision'])
    for (const ctx of [office.dana, olu, office.admin, validator, elsewhere.priya])
      expect(await titles(ctx)).toEqual([])
    const [item] = (await listInbox(office.priya)).items
    expect(item).toMatchObject({ kind: 'approval-waiting', resource: { kind: 'approval', id: asked.id }, readAt: null })
    expect(JSON.stringify(item)).not.toMatch(/dana|secret reason/)
  })

  it('is not an approver who made the version, also while holding the role', async () => {
    await office.ws.as('approver', 'dana')
    await office.ask()
    await follow(t)
    expect(await titles(office.dana)).toEqual([])
    expect(await titles(office.priya)).toHaveLength(1)
  })

  it.each([
    ['approve', 'Approved: fraud@1.0.0 for staging'],
    ['reject', 'Rejected: fraud@1.0.0 for staging'],
  ] as const)('is whoever asked, when somebody decides to %s', async (decision, title) => {
    await vote(office.priya, await office.ask(), decision)
    await follow(t)
    expect(await titles(office.dana)).toEqual([title])
  })

  it('is whoever asked, when it is revoked', async () => {
    const asked = await office.ask()
    await vote(office.priya, asked)
    await revokeApproval(office.admin, { approvalId: asked.id, reason: 'a fault was found' })
    await follow(t)
    expect(await titles(office.dana)).toEqual(['Revoked: fraud@1.0.0 for staging', 'Approved: fraud@1.0.0 for staging'])
  })

  it('is not told history: an entry of last week is passed', async () => {
    await office.ask()
    t.clock.advance(4 * 86_400_000)
    await follow(t)
    expect(await titles(office.priya)).toEqual([])
  })
})

describe('a reminder', () => {
  it('comes three days before an approval ends, once, and not when it was revoked', async () => {
    const [one, two] = [await office.ask(), await office.ask()]
    await vote(office.priya, one)
    await vote(office.priya, two)
    await follow(t)
    await revokeApproval(office.admin, { approvalId: two.id, reason: 'a fault was found' })
    const { expiresAt } = await readApproval(office.dana, one.id)
    await reconcileReminders(t.system)
    const before = await titles(office.dana)
    t.clock.set(new Date(expiresAt.getTime() - reminderMs))
    await Promise.all([reconcileReminders(t.system), reconcileReminders(t.system)])
    await reconcileReminders(t.system)
    const after = (await titles(office.dana)).filter((title) => !before.includes(title))
    expect(after).toEqual(['Ends soon: fraud@1.0.0 for staging'])
  })
})

describe('exactly once into the inbox', () => {
  it('with any number of workers at once', async () => {
    for (let i = 0; i < 6; i++) await office.ask()
    for (let round = 0; round < 30 && (await titles(office.priya)).length < 6; round++)
      await Promise.all([1, 2, 3, 4].map(() => reconcileNotifications(t.system)))
    await follow(t)
    expect(new Set(await titles(office.priya)).size).toBe(6)
    expect(await titles(office.priya)).toHaveLength(6)
  })

  it('also when the feed is read again from its start', async () => {
    await addMail(office)
    await prefer(office.priya)
    await office.ask()
    await follow(t)
    await sendOut(t)
    const sent = t.receiver.arrived.length
    await loseCursor()
    await follow(t)
    await sendOut(t)
    expect(await titles(office.priya)).toHaveLength(1)
    expect(t.receiver.arrived).toHaveLength(sent)
  })
})

describe('the inbox', () => {
  it('is read by its owner alone: unread ones counted, marked, and paged by cursor', async () => {
    for (let i = 0; i < 5; i++) await office.ask()
    await follow(t)
    expect(await countUnread(office.priya)).toBe(5)
    const first = await listInbox(office.priya, { limit: 2 })
    const second = await listInbox(office.priya, { limit: 3, cursor: first.nextCursor ?? '' })
    const ids = [...first.items, ...second.items].map((n) => n.id)
    expect(new Set(ids).size).toBe(5)
    expect(second.nextCursor).toBeNull()
    expect(await markRead(office.dana, { ids })).toEqual({ changed: 0 })
    expect(await markRead(office.priya, { ids: ids.slice(0, 1) })).toEqual({ changed: 1 })
    expect((await listInbox(office.priya, { unread: true })).items).toHaveLength(4)
    expect(await markRead(office.priya, { ids: 'all', upTo: ids[2]! })).toEqual({ changed: 3 })
    expect(await countUnread(office.priya)).toBe(1)
    expect(await markRead(office.priya, { ids: [ids[0]!], read: false })).toEqual({ changed: 1 })
  })

  it('takes what was chosen only', async () => {
    await prefer(office.priya, { inboxKinds: ['break-glass'] })
    await office.ask()
    await follow(t)
    expect(await titles(office.priya)).toEqual([])
  })
})
