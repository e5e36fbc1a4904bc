import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bindRole } from '#lib/members/bind-role.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { addEvidence } from '#lib/models/add-evidence.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import type { ApprovalView } from './model.ts'
import { listApprovals } from './reads.ts'
import { findClearance } from './reads-clearance.ts'
import { revokeApproval } from './revoke-approval.ts'
import { selectApproval } from './queries.ts'
import { selectElectorate } from './queries-votes.ts'
import { policyText, putInForce } from './testing/in-force.ts'
import { hasQuorum, hasVeto } from './testing/oracle.ts'
import { approvalSite } from './testing/request.ts'
import { withdrawApproval } from './withdraw-approval.ts'

// Sequences with parallel transactions on PostgreSQL: what the machine in memory cannot show is what locks are for.
const sequences = 1_000
const atOnce = 4
const names = ['ann', 'ben', 'cas'] as const

let t: TestSystem
let lanes: Lane[]
type Lane = { site: Awaited<ReturnType<typeof approvalSite>>; people: Record<string, Ctx> }

beforeAll(async () => {
  t = await testSystem()
  await putInForce(policyText('mixed', { quorum: '{ approver: 1, validator: 1 }' }))
  lanes = await Promise.all(Array.from({ length: atOnce }, lane))
}, 60_000)
afterAll(() => t.close())

async function lane(): Promise<Lane> {
  const ws = await t.workspace()
  const site = await approvalSite(t.system, ws)
  const people = Object.fromEntries(
    await Promise.all(
      names.map(async (n) => {
        await ws.as('validator', n)
        return [n, await ws.as('approver', n)] as const
      }),
    ),
  )
  return { site, people }
}

type Act = 'approve' | 'reject' | 'withdraw' | 'revoke' | 'unbind' | 'ask' | 'evidence'
type Step = { by: (typeof names)[number]; act: Act }
const step: fc.Arbitrary<Step> = fc.record({
  by: fc.constantFrom(...names),
  act: fc.constantFrom<Act>(
    'approve',
    'approve',
    'approve',
    'approve',
    'reject',
    'withdraw',
    'revoke',
    'unbind',
    'ask',
    'evidence',
  ),
})

async function runSequence({ site, people }: Lane, steps: readonly Step[]): Promise<ApprovalView['state']> {
  const version = await site.submit()
  const a = await site.ask(version.id)
  const run = ({ by, act }: Step): Promise<unknown> => {
    const end = { approvalId: a.id, reason: 'in a race' }
    const who = people[by]!
    switch (act) {
      case 'approve':
      case 'reject':
        return site.vote(who, a, act)
      case 'withdraw':
        return withdrawApproval(site.dana, end)
      case 'revoke':
        return revokeApproval(who, end)
      case 'unbind':
        return dropRole(site, who)
      case 'evidence':
        return addEvidence(site.dana, { versionId: version.id, kind: 'evaluation', content: { metrics: { auc: 0.8 } } })
      default:
        return site.ask(version.id)
    }
  }
  const results = await Promise.allSettled(steps.map(run))
  for (const r of results) if (r.status === 'rejected' && !isProblem(r.reason)) throw r.reason
  const done = (act: Act) => steps.some((s, i) => s.act === act && results[i]?.status === 'fulfilled')
  // One that was refused may have taken one of two roles before.
  const unbinds = steps.some((s) => s.act === 'unbind')
  const state = await judge(site, version, { ...a, edited: done('evidence'), unbound: unbinds })
  if (unbinds) await restore({ site, people })
  return state
}

/** Whatever the schedule: one outcome, by a quorum of distinct people who may, on that very revision; nothing cleared without. */
async function judge(
  site: Lane['site'],
  version: { id: string; digest: string },
  a: { id: string; edited: boolean; unbound: boolean },
): Promise<ApprovalView['state']> {
  const now = t.clock.now()
  const row = await selectApproval(t.system.db, a.id)
  if (!row) throw new Error('the request is gone')
  const people = await selectElectorate(t.system.db, row, { identityId: row.requestedById, lock: false, now })
  const votes = people.votes.map((v) => ({ ...v, rights: v.grants.map((g) => [g.role, g.authority] as const) }))
  const facts = { policy: row.policy, revisionDigest: row.revisionDigest, barred: people.conflicts, votes }
  const isApproved = row.approvedAt !== null
  if (!a.unbound) {
    if (isApproved) expect(hasQuorum(facts) && !hasVeto(facts)).toBe(true)
    if (row.state === 'open') expect(hasQuorum(facts) || hasVeto(facts)).toBe(false)
  }
  if (row.state === 'rejected') expect(votes.some((v) => v.decision === 'reject')).toBe(true)
  expect(new Set(votes.map((v) => v.person)).size).toBe(votes.length)
  const live = (await listApprovals(site.dana, { versionId: version.id })).items.filter(
    (r) => r.state === 'open' || r.state === 'approved',
  )
  expect(live.length).toBeLessThanOrEqual(1)
  const subject = { versionId: version.id, environmentId: site.production.id, digest: version.digest }
  const clearance = await findClearance(t.system.db, subject, now)
  if (clearance.kind === 'valid' && clearance.approvalId === a.id)
    expect([hasQuorum(facts), row.state, a.edited]).toEqual([true, 'approved', false])
  const told = await entriesOf(a.id)
  expect(told.filter((k) => k === 'approval:vote')).toHaveLength(votes.length)
  return row.state
}

async function entriesOf(id: string): Promise<string[]> {
  const rows = await t.system.db
    .selectFrom('audit_entry')
    .select('kind')
    .where('resource_id', '=', id)
    .where('outcome', '=', 'done')
    .execute()
  return rows.map((r) => r.kind)
}

async function dropRole(site: Lane['site'], who: Ctx): Promise<unknown> {
  const held = await t.system.db
    .selectFrom('role_binding')
    .select('id')
    .where('identity_id', '=', who.actorId)
    .where('revoked_at', 'is', null)
    .execute()
  return Promise.all(held.map(({ id }) => unbindRole(site.admin, { bindingId: id, reason: 'in a race' })))
}

async function restore({ site, people }: Lane): Promise<void> {
  for (const { actor } of Object.values(people))
    for (const role of ['approver', 'validator'] as const)
      await bindRole(site.admin, { issuer: actor.issuer, subject: actor.subject, name: actor.name, role }).catch(
        (error: unknown) => {
          if (!isProblem(error, 'conflict')) throw error
        },
      )
}

it(
  `${sequences} sequences of parallel transactions leave one consistent outcome each`,
  { timeout: 600_000 },
  async () => {
    const drawn = fc.sample(fc.array(step, { minLength: 3, maxLength: 7 }), { numRuns: sequences, seed: 20_260_302 })
    const states: Record<string, number> = {}
    await Promise.all(
      lanes.map(async (each, n) => {
        for (let i = n; i < drawn.length; i += atOnce) {
          const state = await runSequence(each, drawn[i] ?? [])
          states[state] = (states[state] ?? 0) + 1
        }
      }),
    )
    for (const state of ['approved', 'rejected', 'open', 'withdrawn', 'revoked', 'superseded'])
      expect([state, states[state] ?? 0]).not.toEqual([state, 0])
  },
)
