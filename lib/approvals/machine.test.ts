import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseApprovalPolicy, type LoadedPolicy } from './policy.ts'
import {
  advance,
  conflictsOf,
  counted,
  personOf,
  subjectNow,
  verbs,
  type Request,
  type World,
} from './testing/memory-machine.ts'
import { hasQuorum, hasVeto, isLawful, type Case } from './testing/oracle.ts'
import { freezeAt } from './freeze.ts'

const policyOf = (name: string, quorum: string, more = ''): LoadedPolicy =>
  parseApprovalPolicy(
    `apiVersion: quarterdeck/v1
kind: ApprovalPolicy
name: ${name}
when: "true"
quorum: ${quorum}
separation: [requester, version-author, run-owner, evidence-author]
evidence: [{ kind: evaluation, require: evidence.metrics.auc >= 0.5 }]
approvalTtl: 5d
requestTtl: 4d
breakGlass: { by: [operator], ttl: 4h, reviewWithin: 3d }
${more}`,
    name,
  )
const policies = [
  policyOf('two', '{ approver: 2 }'),
  policyOf('mixed', '{ approver: 1, validator: 1 }'),
  policyOf('three', '{ approver: 2, validator: 1 }'),
  policyOf(
    'frozen',
    '{ approver: 1 }',
    'freeze: [{ cron: "0 0 * * 1", duration: 3d, timezone: Europe/Berlin, overrideBy: [operator] }]',
  ),
]

const people = ['ann', 'ben', 'cas', 'dan', 'eve', 'fay'] as const
const who = fc.constantFrom(...people)
const role = fc.constantFrom('approver', 'validator', 'operator')
type Step = [name: string, run: (w: World) => unknown]
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: who.map((by): Step => [`submit ${by}`, (w) => verbs.submit(w, by)]) },
  {
    weight: 12,
    arbitrary: fc
      .tuple(who, fc.boolean())
      .map(([by, isStale]): Step => [
        `approve ${by} ${isStale}`,
        (w) => verbs.vote(w, by, 'approve', isStale && w.requests.length > 1),
      ]),
  },
  { weight: 1, arbitrary: who.map((by): Step => [`reject ${by}`, (w) => verbs.vote(w, by, 'reject', false)]) },
  {
    weight: 2,
    arbitrary: who.map((by): Step => [
      `evidence ${by}`,
      (w) => w.evidence.push({ digest: `e${w.evidence.length}`, producer: by }),
    ]),
  },
  { weight: 1, arbitrary: fc.constant<Step>(['edit card', (w) => (w.card += 1)]) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...policies).map((p): Step => [`policy ${p.policy.name}`, (w) => (w.policy = p)]),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(who, role).map(([p, r]): Step => [`remove ${p} ${r}`, (w) => w.roles.delete(`${p} ${r}`)]),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(who, role).map(([p, r]): Step => [`give ${p} ${r}`, (w) => w.roles.add(`${p} ${r}`)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(who, who, role)
      .map(([a, b, r]): Step => [`delegate ${a} ${b} ${r}`, (w) => a !== b && w.delegations.add(`${a} ${b} ${r}`)]),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(who, who).map(([a, b]): Step => [`link ${a} ${b}`, (w) => link(w, a, b)]),
  },
  { weight: 1, arbitrary: who.map((by): Step => [`revoke ${by}`, (w) => verbs.end(w, by, 'revoked')]) },
  { weight: 1, arbitrary: who.map((by): Step => [`withdraw ${by}`, (w) => verbs.end(w, by, 'withdrawn')]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0.5, 1, 3).map((days): Step => [`advance ${days}`, (w) => advance(w, days)]),
  },
  { weight: 1, arbitrary: fc.constant<Step>(['expire', (w) => verbs.expire(w)]) },
  { weight: 1, arbitrary: who.map((by): Step => [`break glass ${by}`, (w) => verbs.breakGlass(w, by)]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(who, fc.constantFrom('accepted' as const, 'objected' as const))
      .map(([by, v]): Step => [`review ${by}`, (w) => verbs.review(w, by, v)]),
  },
)

function link(w: World, a: string, b: string): void {
  const [from, to] = [personOf(w, a), personOf(w, b)]
  for (const p of people) if (personOf(w, p) === from) w.persons.set(p, to)
}

const start = (): World => ({
  now: new Date('2026-03-05T09:00:00Z'),
  author: 'dan',
  runOwner: 'eve',
  card: 0,
  policy: policies[0]!,
  requests: [],
  glass: [],
  evidence: [
    {
      digest: 'e0',
      producer: 'dan',
    },
  ],
  roles: new Set([
    'ann approver',
    'ben approver',
    'ben validator',
    'cas approver',
    'cas validator',
    'dan approver',
    'fay operator',
  ]),
  delegations: new Set<string>(),
  persons: new Map<string, string>(),
})

function caseOf(w: World, r: Request, policy = r.policy): Case {
  const votes = counted(w, r).map((v) => ({ ...v, rights: v.grants.map((g) => [g.role, g.authority] as const) }))
  return { policy, revisionDigest: r.revisionDigest, barred: conflictsOf(w, r.requester, r.subject), votes }
}

type Model = { seen: { approvals: number; cleared: number; glass: number } }

/** What must hold whatever has happened. */
function judge(w: World, model: Model, before: ReadonlyMap<string, string>): void {
  for (const r of w.requests) {
    if (!isLawful(r.history)) throw new Error(`${r.id} went ${r.history.join(', ')}`)
    const isNew = r.state !== before.get(r.id)
    const facts = caseOf(w, r)
    if (isNew && r.state === 'approved') {
      model.seen.approvals += 1
      if (!hasQuorum(facts) || hasVeto(facts)) throw new Error(`${r.id} was approved without a quorum`)
      if (r.revisionDigest !== JSON.stringify({ ...JSON.parse(r.revisionDigest), policy: w.policy.digest }))
        throw new Error('approved on an older policy')
    }
    if (isNew && r.state === 'rejected' && !hasVeto(facts)) throw new Error(`${r.id} was rejected by nobody who may`)
    if (new Set(r.votes.map((v) => v.identityId)).size !== r.votes.length)
      throw new Error(`${r.id} has two votes of one identity`)
  }
  if (w.requests.filter((r) => r.state === 'open' || r.state === 'approved').length > 1)
    throw new Error('two requests are live')
  if (w.glass.filter((g) => g.verdict === null).length > 1) throw new Error('two uses of break-glass await review')
  judgeUse(w, model)
}

function judgeUse(w: World, model: Model): void {
  for (const by of people) {
    const clearance = verbs.use(w, by)
    if (clearance.kind !== 'valid') continue
    const r = w.requests.at(-1)
    if (clearance.breakGlassId !== undefined) {
      model.seen.glass += 1
      const glass = w.glass.find((g) => g.id === clearance.breakGlassId)
      if (!glass || glass.expiresAt <= w.now || glass.verdict === 'objected')
        throw new Error('a break-glass that is over cleared it')
      if (r?.state === 'rejected' || r?.state === 'revoked') throw new Error('break-glass lifted a veto')
      continue
    }
    model.seen.cleared += 1
    if (r?.state !== 'approved' || r.expiresAt <= w.now) throw new Error('cleared without an approval in force')
    const now = subjectNow(w)
    const bound = (s: typeof now) => JSON.stringify([s.cardDigest, s.evidence.map((e) => e.digest)])
    if (bound(now) !== bound(r.subject)) throw new Error('cleared for another revision')
    for (const policy of [r.policy, w.policy.policy])
      if (!hasQuorum(caseOf(w, r, policy))) throw new Error('cleared without a quorum')
    if (freezeAt(w.policy.policy.freeze, w.now) && !w.roles.has(`${by} operator`) && clearance.overrides === undefined)
      throw new Error('cleared in a freeze')
  }
}

it('the machine of approvals: 10,000 sequences of random acts by random people', { timeout: 120_000 }, () => {
  const seen = { approvals: 0, cleared: 0, glass: 0 }
  const command = step.map(([name, act]) => ({
    check: () => true,
    toString: () => name,
    run: (model: Model, w: World) => {
      const before = new Map(w.requests.map((r) => [r.id, r.state]))
      act(w)
      judge(w, model, before)
    },
  }))
  fc.assert(
    fc.property(fc.commands([command], { maxCommands: 40, size: 'max' }), (commands) => {
      fc.modelRun(() => ({ model: { seen }, real: start() }), commands)
    }),
    { numRuns: 10_000 },
  )
  // A test of refusals alone would prove nothing.
  expect(seen.approvals).toBeGreaterThan(1_000)
  expect(seen.cleared).toBeGreaterThan(1_000)
  expect(seen.glass).toBeGreaterThan(100)
})
