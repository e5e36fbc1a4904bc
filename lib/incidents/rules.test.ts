import { describe, expect, it } from 'vitest'
import { effectOf, subjectOf, type RuleEntry } from './rules.ts'

const entry = (
  kind: string,
  resourceKind: string,
  after: unknown,
  more: Partial<RuleEntry> & { drill?: string } = {},
): RuleEntry => ({
  kind,
  resourceKind,
  resourceId: 'x_1',
  outcome: more.outcome ?? 'found',
  content: { because: 'why', resource: { name: 'thing' }, after, drill: more.drill },
})

const done = { outcome: 'done' as const }
const finding = { transition: 'opened', level: 'act', feature: 'distance', endpointId: 'ep_1', endpointName: 'flights' }

describe('effectOf', () => {
  it.each<[string, RuleEntry, object]>([
    [
      'a rollback that was committed',
      entry('rollout:roll-back', 'rollout', { state: 'rolling-back', phase: 'intent', by: 'machine' }, done),
      { fingerprint: 'rollout:x_1', severity: 'sev2', title: 'Rollback requested: thing', mitigated: false },
    ],
    [
      'a rollback that cannot be verified',
      entry('rollout:roll-back', 'rollout', { state: 'rolling-back', phase: 'not-verified' }),
      { fingerprint: 'rollout:x_1', severity: 'sev1', title: 'Rollback requested, not verified: thing' },
    ],
    [
      'a rollback whose alias was read back',
      entry('rollout:roll-back', 'rollout', { phase: 'verified', key: 'ro_1/3/rollback/4-read-alias' }, done),
      { title: 'Rolled back and verified: thing', mitigated: true, updatesOnly: true },
    ],
    [
      'a rollback that has ended',
      entry('rollout:roll-back', 'rollout', { state: 'rolled-back', phase: 'applied' }, done),
      { mitigated: true, updatesOnly: true },
    ],
    [
      'a breach that the watch found',
      entry('rollout:hold', 'rollout', { state: 'succeeded', phase: 'watch', item: 'quality', page: true }),
      { kind: 'rollout-held', severity: 'sev2', title: 'quality is in breach: thing' },
    ],
    [
      'a rollout that the machine holds',
      entry('rollout:hold', 'rollout', { state: 'held', by: 'machine' }, done),
      { kind: 'rollout-held', severity: 'sev3' },
    ],
    ['a failed rollout', entry('rollout:advance', 'rollout', { state: 'failed' }, done), { severity: 'sev1' }],
    [
      'a resumed rollout',
      entry('rollout:resume', 'rollout', { state: 'progressing' }, done),
      { resolves: 'rollout:x_1' },
    ],
    [
      'a verified promotion',
      entry('rollout:promote', 'rollout', { state: 'succeeded', phase: 'verified' }, done),
      { resolves: 'rollout:x_1' },
    ],
    [
      'drift to act on',
      entry('drift:evaluate', 'finding', finding, { drill: 'storm' }),
      { fingerprint: 'drift:ep_1', endpointId: 'ep_1', drill: 'storm', title: 'Drift at flights: distance' },
    ],
    [
      'drift that ended',
      entry('drift:evaluate', 'finding', { ...finding, transition: 'resolved' }),
      { resolves: 'drift:ep_1', unlessDriftAt: 'ep_1' },
    ],
    [
      'a page of an objective',
      entry('slo:evaluate', 'slo', { state: 'burning', severity: 'page', endpointId: 'ep_1' }),
      { fingerprint: 'slo:x_1', severity: 'sev2' },
    ],
    ['a ticket', entry('slo:evaluate', 'slo', { state: 'burning', severity: 'ticket' }), { severity: 'sev3' }],
    ['an objective that is met again', entry('slo:evaluate', 'slo', { state: 'ok' }), { resolves: 'slo:x_1' }],
    [
      'an unreachable endpoint',
      entry('endpoint:observe', 'endpoint', { state: 'unreachable' }),
      { fingerprint: 'endpoint:x_1', severity: 'sev1', endpointId: 'x_1' },
    ],
    ['a degraded endpoint', entry('endpoint:observe', 'endpoint', { state: 'degraded' }), { severity: 'sev2' }],
    [
      'an endpoint that serves',
      entry('endpoint:observe', 'endpoint', { state: 'serving' }, done),
      { resolves: 'endpoint:x_1' },
    ],
    [
      'a changed artefact',
      entry('version:register', 'version', { digest: 'x' }),
      { kind: 'artifact', severity: 'sev1' },
    ],
    [
      'a version that its registry has no more',
      entry('registry:observe', 'version', { state: 'deleted-upstream', number: 2 }),
      { kind: 'registry', severity: 'sev3' },
    ],
  ])('%s', (_, from, effect) => {
    expect(effectOf(from)).toMatchObject(effect)
  })

  it.each<[string, RuleEntry]>([
    ['a step of a plan', entry('rollout:roll-back', 'rollout', { state: 'rolling-back', phase: 'applied' }, done)],
    ['a hold by a person', entry('rollout:hold', 'rollout', { state: 'held' }, done)],
    ['an advance', entry('rollout:advance', 'rollout', { state: 'progressing', phase: 'intent' }, done)],
    ['drift to watch', entry('drift:evaluate', 'finding', { ...finding, level: 'watch' })],
    ['an acknowledged finding', entry('finding:acknowledge', 'finding', finding, done)],
    ['an objective without data: neither good nor bad', entry('slo:evaluate', 'slo', { state: 'no-data' })],
    ['a new version', entry('version:register', 'version', {}, done)],
    ['an incident', entry('incident:open', 'incident', { state: 'open' }, done)],
    ['traffic put back', entry('endpoint:observe', 'endpoint', { found: 'x', intended: [] })],
    ['content of another shape', entry('rollout:roll-back', 'rollout', 'rolling-back', done)],
    ['no content at all', entry('rollout:roll-back', 'rollout', null, done)],
    ['fields of another type', entry('slo:evaluate', 'slo', { state: 7, severity: {} })],
  ])('asks for nothing after %s', (_, from) => {
    expect(effectOf(from)).toBeUndefined()
  })

  it('asks for nothing after a refusal or an erased entry', () => {
    const intent = entry('rollout:roll-back', 'rollout', { phase: 'intent' }, done)
    expect(effectOf({ ...intent, outcome: 'denied' })).toBeUndefined()
    expect(effectOf({ ...intent, content: undefined })).toBeUndefined()
    expect(subjectOf({ ...intent, outcome: 'denied' })).toEqual({})
  })

  it('names the endpoint and the rollout that an entry concerns', () => {
    expect(subjectOf(entry('endpoint:deploy', 'endpoint', {}))).toEqual({ endpointId: 'x_1' })
    expect(subjectOf(entry('rollout:advance', 'rollout', {}))).toEqual({ rolloutId: 'x_1' })
    expect(subjectOf(entry('slo:evaluate', 'slo', { endpointId: 'ep_1' }))).toEqual({ endpointId: 'ep_1' })
    expect(subjectOf(entry('token:issue', 'token', {}))).toEqual({})
    expect(subjectOf(entry('incident:open', 'incident', { endpointId: 'ep_1' }))).toEqual({})
  })
})
