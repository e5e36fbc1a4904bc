import { describe, expect, it } from 'vitest'
import { holdersOf, roleRefusal, stateRefusal, type Member } from './refusal.ts'

const member = (identityId: string, role: string, more: Partial<Member> = {}): Member => ({
  identityId,
  name: identityId,
  kind: 'person',
  role,
  environment: null,
  label: null,
  ...more,
})
const scope = { environment: 'production', labels: ['fraud'] }

describe('who can', () => {
  it('names people once, only where their role reaches, and never the worker', () => {
    const members = [
      member('priya', 'approver'),
      member('priya', 'validator'),
      member('ann', 'approver', { environment: 'staging' }),
      member('ben', 'approver', { environment: 'production', label: 'fraud' }),
      member('cem', 'approver', { label: 'search' }),
      member('worker', 'approver', { kind: 'worker' }),
      member('dana', 'developer'),
    ]
    expect(holdersOf(members, ['approver', 'validator'], scope).map((m) => m.name)).toEqual(['priya', 'ben'])
  })
  it('is said with the rule, and says so when there is nobody', () => {
    const decision = {
      allowed: false,
      because: 'approval:vote needs the role approver',
      rolesThatMay: ['approver' as const],
    }
    const many = Array.from({ length: 7 }, (_, i) => member(`p${i}`, 'approver'))
    expect(roleRefusal(decision, many, scope)).toEqual({
      because: 'Your roles do not allow this.',
      rule: 'approval:vote needs the role approver.',
      who: 'Who can: p0, p1, p2, p3, p4 and 2 more.',
    })
    expect(roleRefusal(decision, [], scope).who).toBe('Nobody here can: ask an admin for the role.')
  })
  it('makes a sentence of the state table', () => {
    expect(stateRefusal('you have voted').because).toBe('You have voted.')
    expect(stateRefusal('The rollout has ended.').because).toBe('The rollout has ended.')
  })
})
