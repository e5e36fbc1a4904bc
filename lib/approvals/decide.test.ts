import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eligible, separated, tally, type CountedVote } from './decide.ts'
import { can, type ApprovalState } from './model.ts'
import { choosePolicy, parseApprovalPolicy } from './policy.ts'

const text = `apiVersion: quarterdeck/v1
kind: ApprovalPolicy
name: production
when: environment.protected
quorum: { approver: 1, validator: 1 }
separation: [requester, version-author, run-owner]
evidence:
  - kind: evaluation
    maxAge: 30d
    require: evidence.metrics.auc >= 0.5
approvalTtl: 14d
requestTtl: 90m
`
const { policy, digest } = parseApprovalPolicy(text, 'production.yaml')
const conflicts = {
  requester: ['id_r'],
  'version-author': ['id_v'],
  'run-owner': ['id_o'],
  'evidence-author': ['id_e'],
}
const revision = 'sha256:a'
const vote = (identityId: string, role: string, more: Partial<CountedVote> = {}): CountedVote => ({
  identityId,
  person: identityId,
  decision: 'approve',
  revisionDigest: revision,
  grants: [{ role, authority: identityId }],
  ...more,
})

describe('the policy parser', () => {
  it('reads durations in seconds and gives the same digest however the file is written', () => {
    expect(policy).toMatchObject({ approvalTtl: 14 * 86_400, requestTtl: 5_400, quorum: { approver: 1, validator: 1 } })
    expect(parseApprovalPolicy(`# a comment\n${text}`, 'x.yaml').digest).toBe(digest)
    expect(parseApprovalPolicy(text.replace('14d', '13d'), 'x.yaml').digest).not.toBe(digest)
  })

  it.each<[string, (t: string) => string, string]>([
    ['nothing', () => '', 'document'],
    ['what is not YAML', () => 'a: [', 'not YAML'],
    ['a tower of aliases', () => `a: &a [x]\nb: &b [${'*a,'.repeat(30)}]\nc: [${'*b,'.repeat(30)}]`, 'not YAML'],
    ['another kind', (t) => t.replace('ApprovalPolicy', 'RolloutPolicy'), 'kind'],
    ['another version', (t) => t.replace('/v1', '/v2'), 'apiVersion'],
    ['a name with spaces', (t) => t.replace('name: production', 'name: my policy'), 'name'],
    ['no quorum', (t) => t.replace('{ approver: 1, validator: 1 }', '{}'), 'quorum'],
    ['a quorum of nobody', (t) => t.replace('{ approver: 1, validator: 1 }', '{ approver: 0 }'), 'quorum'],
    ['a quorum of a crowd', (t) => t.replace('approver: 1', 'approver: 11'), 'quorum.approver'],
    ['half a person', (t) => t.replace('approver: 1', 'approver: 0.5'), 'quorum.approver'],
    ['a role that decides nothing', (t) => t.replace('approver: 1', 'viewer: 1'), 'quorum'],
    ['no separation of duties', (t) => t.replace('[requester, version-author, run-owner]', '[]'), 'separation'],
    ['a separation that is none', (t) => t.replace('run-owner', 'manager'), 'separation.2'],
    ['evidence that nobody can give', (t) => t.replace('kind: evaluation', 'kind: horoscope'), 'evidence.0.kind'],
    ['a duration without a unit', (t) => t.replace('14d', '14'), 'approvalTtl'],
    ['a duration of none', (t) => t.replace('14d', '0d'), 'approvalTtl'],
    ['a negative duration', (t) => t.replace('90m', '-90m'), 'requestTtl'],
    ['a missing duration', (t) => t.replace('approvalTtl: 14d\n', ''), 'approvalTtl'],
    ['an unknown field', (t) => `${t}colour: red\n`, 'document'],
    ['a condition that is none', (t) => t.replace('environment.protected', 'environment.protected &&'), 'line 4: when'],
    [
      'a condition on what is not there',
      (t) => t.replace('environment.protected', 'secrets.key'),
      'when: the expression',
    ],
    ['a check that is none', (t) => t.replace('>= 0.5', '=> 0.5'), 'line 10: evidence.0.require'],
    [
      'a freeze on Mars',
      (t) => `${t}freeze: [{ cron: "0 1 * * *", duration: 1h, timezone: Mars/Olympus }]\n`,
      'freeze.0.cron',
    ],
    [
      'a freeze of a year',
      (t) => `${t}freeze: [{ cron: "0 1 * * *", duration: 365d, timezone: UTC }]\n`,
      'freeze.0.duration',
    ],
    [
      'break-glass for a day',
      (t) => `${t}breakGlass: { by: [operator], ttl: 24h, reviewWithin: 1d }\n`,
      'breakGlass.ttl',
    ],
    [
      'break-glass for developers',
      (t) => `${t}breakGlass: { by: [developer], ttl: 1h, reviewWithin: 1d }\n`,
      'breakGlass.by.0',
    ],
    ['the same field twice', (t) => `${t}name: other\n`, 'not YAML'],
  ])('refuses %s, naming the file and the field', (_, change, path) => {
    expect(() => parseApprovalPolicy(change(text), 'bad.yaml')).toThrow(
      new RegExp(`^bad\\.yaml: .*${path.replaceAll('.', '\\.')}`, 's'),
    )
  })

  it('chooses the first that matches, and says when none does', () => {
    const loaded = { policy, digest }
    const model = { name: 'fraud', risk: 'high', labels: ['credit'] }
    const at = (name: string, isProtected: boolean) => ({
      environment: { name, protected: isProtected },
      model,
      version: { version: '1.0.0' },
    })
    expect(choosePolicy([loaded], at('production', true))).toBe(loaded)
    expect(() => choosePolicy([loaded], at('dev', false))).toThrow('Add one to policies/approvals')
    const high = parseApprovalPolicy(
      text.replace('environment.protected', 'model.risk == "high" && "credit" in model.labels'),
      'high.yaml',
    )
    expect(choosePolicy([high, loaded], at('production', true))).toBe(high)
    expect(choosePolicy([high, loaded], { ...at('production', true), model: { ...model, risk: 'low' } })).toBe(loaded)
  })

  it('stops at a condition that cannot be told: to go on would be to fall through to a laxer policy', () => {
    const odd = parseApprovalPolicy(text.replace('environment.protected', 'environment.tier == "gold"'), 'odd.yaml')
    const subject = {
      environment: { name: 'production', protected: true },
      model: { name: 'fraud', risk: 'high', labels: [] },
      version: { version: '1.0.0' },
    }
    expect(() => choosePolicy([odd, { policy, digest }], subject)).toThrow('environment.tier is missing')
  })
})

describe('the count of votes', () => {
  it('needs each role its number of people', () => {
    expect(tally(policy, conflicts, revision, [vote('a', 'approver')])).toMatchObject({
      outcome: 'open',
      because: 'Waiting: 1 of 1 approver, 0 of 1 validator.',
    })
    expect(tally(policy, conflicts, revision, [vote('a', 'approver'), vote('b', 'approver')])).toMatchObject({
      outcome: 'open',
    })
    expect(tally(policy, conflicts, revision, [vote('a', 'approver'), vote('b', 'validator')])).toMatchObject({
      outcome: 'approved',
    })
  })

  it.each<[string, Partial<CountedVote>]>([
    ['cast on another revision', { revisionDigest: 'sha256:b' }],
    ['of somebody who lost the role', { grants: [] }],
    ['of somebody who holds a role that is not asked for', { grants: [{ role: 'viewer', authority: 'x' }] }],
    ['of a delegate of whoever asked', { grants: [{ role: 'approver', authority: 'id_r' }] }],
    ['of whoever asked', { person: 'id_r' }],
    ['of whoever submitted the version', { person: 'id_v' }],
    ['of whoever owned the training run', { person: 'id_o' }],
  ])('leaves out a vote %s, also a veto', (_, more) => {
    const bad = { ...vote('x', 'approver'), ...more }
    expect(eligible(policy, conflicts, revision, bad).allowed).toBe(false)
    expect(tally(policy, conflicts, revision, [bad, vote('b', 'validator')]).outcome).toBe('open')
    expect(tally(policy, conflicts, revision, [{ ...bad, decision: 'reject' }]).outcome).toBe('open')
  })

  it('separates only what the policy separates', () => {
    const lax = { ...policy, separation: ['requester' as const] }
    expect(separated(lax, conflicts, 'id_v').allowed).toBe(true)
    expect(separated(lax, conflicts, 'id_r').allowed).toBe(false)
    expect(separated(policy, { ...conflicts, 'run-owner': [] }, 'id_o').allowed).toBe(true)
  })

  it('does not depend on the order, grows with each approval and ends with a veto', () => {
    const votes = fc.array(
      fc.record({
        identityId: fc.constantFrom('a', 'b', 'c', 'id_r'),
        role: fc.constantFrom('approver', 'validator'),
        decision: fc.constantFrom('approve' as const, 'reject' as const),
        held: fc.boolean(),
      }),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(votes, (given) => {
        const cast = given.map(({ held, role, identityId, decision }) =>
          vote(identityId, role, { decision, ...(held ? {} : { grants: [] }) }),
        )
        const result = tally(policy, conflicts, revision, cast)
        expect(tally(policy, conflicts, revision, cast.toReversed()).outcome).toBe(result.outcome)
        const veto = tally(policy, conflicts, revision, [...cast, vote('z', 'approver', { decision: 'reject' })])
        expect(veto.outcome).toBe('rejected')
        const more = tally(policy, conflicts, revision, [...cast, vote('y', 'approver')])
        if (result.outcome === 'approved') expect(more.outcome).toBe('approved')
      }),
    )
  })
})

describe('the state table', () => {
  it.each<[ApprovalState, boolean, boolean, boolean]>([
    ['open', true, true, false],
    ['approved', false, false, true],
    ['rejected', false, false, false],
    ['expired', false, false, false],
    ['withdrawn', false, false, false],
    ['superseded', false, false, false],
    ['revoked', false, false, false],
  ])('%s: vote %s, withdraw %s, revoke %s', (state, vote, withdraw, revoke) => {
    expect([can.vote({ state }).allowed, can.withdraw({ state }).allowed, can.revoke({ state }).allowed]).toEqual([
      vote,
      withdraw,
      revoke,
    ])
  })
})
