import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { actions, roles, type Action, type Resource } from './actions.ts'
import { decideAccess } from './decide.ts'
import type { HeldRole } from './effective-roles.ts'
import { explainAccess } from './explain.ts'
import { buildAccessRules, type AccessRules } from './rules.ts'

const folder = join(import.meta.dirname, '..', '..', 'policies', 'access')
let rules: AccessRules
let lines: string[][]
beforeAll(async () => {
  const [model = '', policy = ''] = await Promise.all(
    ['model.conf', 'roles.csv'].map((file) => readFile(join(folder, file), 'utf8')),
  )
  rules = await buildAccessRules(model, policy)
  lines = policy.split('\n').map((line) => line.split(',').map((part) => part.trim()))
})

/** What the two files and the design say, word for word and without casbin: lines, inheritance, narrowing. */
function oracle(held: readonly HeldRole[], action: Action, on: Resource): boolean {
  const [noun, verb] = action.split(':')
  const says = (role: string): boolean =>
    lines.some(([kind, subject, a, b]) =>
      kind === 'p'
        ? subject === `role:${role}` && a === noun && (b === '*' || b === verb)
        : kind === 'g' && subject === `role:${role}` && a !== undefined && says(a.slice('role:'.length)),
    )
  for (const h of held) {
    if (h.workspaceId !== on.workspaceId) continue
    if (h.environment !== null && h.environment !== on.environment) continue
    if (h.label !== null && !(on.labels ?? []).includes(h.label)) continue
    if (says(h.role)) return true
  }
  return false
}

const environments = ['production', 'staging'] as const
const labels = ['fraud', 'churn'] as const
const workspaces = ['ws_1', 'ws_2'] as const
const anyHeld = fc.record({
  identityId: fc.constant('id_1'),
  role: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...roles) }, fc.constantFrom('', 'root', 'role:admin', '*')),
  workspaceId: fc.constantFrom(...workspaces),
  environment: fc.option(fc.constantFrom(...environments)),
  label: fc.option(fc.constantFrom(...labels)),
  via: fc.constantFrom('binding' as const, 'group' as const, 'delegation' as const),
  bindingId: fc.constant('rb_1'),
  delegationId: fc.constant(null),
  delegatorId: fc.constant(null),
  endsAt: fc.constant(null),
  group: fc.constant(null),
})
const anyResource = fc
  .record({
    kind: fc.constant('endpoint'),
    id: fc.constant('ep_1'),
    workspaceId: fc.constantFrom(...workspaces),
    environment: fc.option(fc.constantFrom(...environments), { nil: undefined }),
    labels: fc.option(fc.subarray([...labels]), { nil: undefined }),
  })
  .map(({ environment, labels: on, ...rest }): Resource => ({
    ...rest,
    ...(environment === undefined ? {} : { environment }),
    ...(on === undefined ? {} : { labels: on }),
  }))

describe('a decision, against the files read naively', () => {
  it('is the same for every role, action, narrowing and thing (ASVS 8.2.1, 8.2.2, 8.3.1)', () => {
    const held = fc.array(anyHeld, { maxLength: 5 })
    fc.assert(
      fc.property(held, fc.constantFrom(...actions), anyResource, (roles, action, on) => {
        expect(decideAccess(rules, roles, action, on).allowed).toBe(oracle(roles, action, on))
      }),
      { numRuns: 3_000 },
    )
  })

  it('is explained by what decides, and by nothing when it is refused', () => {
    const held = fc.array(anyHeld, { maxLength: 5 })
    fc.assert(
      fc.property(held, fc.constantFrom(...actions), anyResource, (roles, action, on) => {
        const told = explainAccess(rules, roles, action, on)
        const deciding = told.grants.filter((g) => g.effect === 'decides')
        expect(told.allowed).toBe(oracle(roles, action, on))
        expect(deciding.length > 0).toBe(told.allowed)
        expect(told.missing === null).toBe(told.allowed)
        for (const { held: h, lines: said } of deciding) {
          expect(oracle([h], action, on)).toBe(true)
          expect(said.length).toBeGreaterThan(0)
        }
        // Each one alone that does not decide is not enough.
        for (const g of told.grants) if (g.effect !== 'decides') expect(oracle([g.held], action, on)).toBe(false)
        expect(told.grants).toHaveLength(roles.filter((r) => r.workspaceId === on.workspaceId).length)
      }),
      { numRuns: 1_000 },
    )
  })

  it('names the very lines of roles.csv, also those that are inherited', () => {
    expect(rules.linesFor('operator', 'rollout:start')).toEqual(['p, role:operator, rollout, start'])
    expect(rules.linesFor('operator', 'model:read')).toEqual([
      'g, role:operator, role:viewer',
      'p, role:viewer, model, read',
    ])
    expect(rules.linesFor('viewer', 'rollout:start')).toEqual([])
    for (const action of actions)
      for (const role of rules.rolesFor(action))
        for (const line of rules.linesFor(role, action)) expect(lines.map((l) => l.join(', '))).toContain(line)
  })
})
