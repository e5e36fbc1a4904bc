import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindRole } from '#lib/members/bind-role.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { loadApprovalPolicies } from './load-policies.ts'
import { readApproval } from './reads.ts'
import { findClearance } from './reads-clearance.ts'
import { revokeApproval } from './revoke-approval.ts'
import { approvalSite } from './testing/request.ts'
import { withdrawApproval } from './withdraw-approval.ts'

let t: TestSystem
let site: Awaited<ReturnType<typeof approvalSite>>
beforeAll(async () => {
  t = await testSystem()
  await loadApprovalPolicies()
  site = await approvalSite(t.system, await t.workspace())
})
afterAll(() => t.close())

const names = ['ann', 'ben', 'cas'] as const
type Step = { by: (typeof names)[number]; act: 'approve' | 'reject' | 'withdraw' | 'revoke' | 'unbind' | 'ask' }
const step: fc.Arbitrary<Step> = fc.record({
  by: fc.constantFrom(...names),
  act: fc.constantFrom('approve', 'approve', 'approve', 'reject', 'withdraw', 'revoke', 'unbind', 'ask'),
})

/** The approver, with the role again if an earlier round took it. */
async function approver(name: string): Promise<{ ctx: Ctx; bindingId: string }> {
  const ctx = await site.ws.as('approver', name)
  const find = () =>
    t.system.db
      .selectFrom('role_binding')
      .select('id')
      .where('identity_id', '=', ctx.actorId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
  const { issuer, subject } = ctx.actor
  const held = await find()
  const bindingId = held?.id ?? (await bindRole(site.admin, { issuer, subject, name, role: 'approver' })).bindingId
  return { ctx, bindingId }
}

async function round(steps: readonly Step[]): Promise<void> {
  const people = Object.fromEntries(await Promise.all(names.map(async (n) => [n, await approver(n)] as const)))
  const version = await site.submit()
  const a = await site.ask(version.id)
  const run = ({ by, act }: Step): Promise<unknown> => {
    const { ctx, bindingId } = people[by]!
    const end = { approvalId: a.id, reason: 'in a race' }
    switch (act) {
      case 'approve':
      case 'reject':
        return site.vote(ctx, a, act)
      case 'withdraw':
        return withdrawApproval(site.dana, end)
      case 'revoke':
        return revokeApproval(ctx, end)
      case 'unbind':
        return unbindRole(site.admin, { bindingId, reason: 'in a race' })
      default:
        return site.ask(version.id)
    }
  }
  const results = await Promise.allSettled(steps.map(run))
  // Whatever is refused is refused in words, never by a failure.
  for (const r of results) if (r.status === 'rejected') expect(r.reason).toSatisfy((reason) => isProblem(reason))
  const done = (...acts: Step['act'][]) =>
    steps.filter((s, i) => acts.includes(s.act) && results[i]?.status === 'fulfilled')
  await judge(a.id, version, done)
}

async function judge(id: string, version: { id: string; digest: string }, done: (...acts: Step['act'][]) => Step[]) {
  const { state, votes } = await readApproval(site.dana, id)
  const said = (decision: string) => votes.filter((v) => v.decision === decision)
  // One vote a person; exactly those that were answered with success; nothing after the end.
  expect(new Set(votes.map((v) => v.voter.id)).size).toBe(votes.length)
  expect([said('approve').length, said('reject').length]).toEqual([done('approve').length, done('reject').length])
  const ends = [done('reject').length > 0, done('withdraw').length > 0, state === 'approved' || state === 'revoked']
  expect(ends.filter(Boolean).length).toBe(state === 'open' ? 0 : 1)
  expect(done('reject').length + done('withdraw').length + done('revoke').length).toBeLessThanOrEqual(1)
  if (state === 'approved' || state === 'revoked') expect(said('approve').length).toBeGreaterThanOrEqual(2)
  if (state === 'rejected') expect(said('reject').length).toBe(1)
  if (state === 'revoked') expect(done('revoke').length).toBe(1)
  // The log tells the same: an entry for each act that happened, and the last word on the state.
  const entries = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.kind', 'd.content'])
    .where('e.resource_id', '=', id)
    .where('e.outcome', '=', 'done')
    .execute()
  expect(entries.filter((e) => e.kind === 'approval:vote')).toHaveLength(votes.length)
  const states = entries.map((e) => (JSON.parse(e.content ?? '{}') as { after?: { state?: string } }).after?.state)
  if (state !== 'open') expect(states.filter((s) => s === state)).toHaveLength(1)
  // Clearance counts the roles of this moment: an approver who is gone takes theirs along.
  const subject = { versionId: version.id, environmentId: site.production.id, digest: version.digest }
  const live = votes.filter((v) => v.decision === 'approve' && v.counts.allowed).length
  const clearance = await findClearance(t.system.db, subject, t.clock.now())
  if (clearance.approvalId === id) expect(clearance.kind === 'valid').toBe(state === 'approved' && live >= 2)
}

describe('parallel approve, reject, withdraw, revoke, ask and unbind', () => {
  it('leave one consistent outcome, whatever the schedule', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 9 }), (steps) => round(steps)),
      { numRuns: 60, endOnFailure: true },
    )
  })

  it('approve once when everybody votes at once', async () => {
    const people = await Promise.all(names.map(approver))
    const a = await site.ask((await site.submit()).id)
    const results = await Promise.allSettled(people.map(({ ctx }) => site.vote(ctx, a)))
    const told = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value.state] : []))
    expect(told.sort()).toEqual(['approved', 'open'])
    expect(results.filter((r) => r.status === 'rejected').map((r) => r.reason as unknown)).toMatchObject([
      { code: 'conflict', details: { state: 'approved' } },
    ])
  })
})
