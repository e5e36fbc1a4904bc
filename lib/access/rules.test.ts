import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { accessMatrix } from './access-matrix.ts'
import { actions, roles, type Resource } from './actions.ts'
import { currentRules, loadAccessRules } from './current.ts'
import { decideAccess, type Binding } from './decide.ts'
import { buildAccessRules, type AccessRules } from './rules.ts'

const folder = join(import.meta.dirname, '..', '..', 'policies', 'access')
let model: string
let policy: string
let rules: AccessRules
beforeAll(async () => {
  model = await readFile(join(folder, 'model.conf'), 'utf8')
  policy = await readFile(join(folder, 'roles.csv'), 'utf8')
  rules = await buildAccessRules(model, policy)
})

const resource: Resource = {
  kind: 'model',
  id: 'mo_1',
  workspaceId: 'ws_1',
  environment: 'production',
  labels: ['fraud'],
}
const binding = (role: string, more: Partial<Binding> = {}): Binding => ({
  role,
  workspaceId: 'ws_1',
  environment: null,
  label: null,
  ...more,
})
const may = (bindings: Binding[], on = resource) => decideAccess(rules, bindings, 'rollout:start', on)

describe('the access policy', () => {
  it('is the matrix that was reviewed (npm run matrix writes it) (ASVS 8.1.1)', async () => {
    expect(accessMatrix(rules)).toBe(await readFile(join(folder, 'access-matrix.txt'), 'utf8'))
  })

  it('keeps the worker from approving, and approvers from moving traffic', () => {
    for (const action of ['approval:vote', 'approval:revoke', 'member:bind', 'audit:export'] as const)
      expect(rules.allows('worker', action)).toBe(false)
    for (const action of ['rollout:start', 'rollout:promote', 'version:register'] as const)
      expect(rules.allows('approver', action)).toBe(false)
    expect(rules.allows('developer', 'approval:vote')).toBe(false)
  })

  it('lets whoever reads do no more than read', () => {
    const allowed = actions.filter((action) => rules.allows('viewer', action))
    expect(allowed.length).toBeGreaterThan(5)
    // What reaches their own inbox is theirs to say.
    const own = ['notification:prefer']
    expect(allowed.filter((action) => !action.endsWith(':read') && !own.includes(action))).toEqual([])
  })
})

describe('rules that must not be loaded', () => {
  it.each<[string, (text: string) => string, string]>([
    ['an empty policy', () => '', 'empty'],
    ['comments alone', () => '# nothing\n\n', 'empty'],
    ['a role that is none', (text) => `${text}\np, role:root, model, read\n`, 'unknown role'],
    ['a user instead of a role', (text) => `${text}\np, dana, model, read\n`, 'unknown role'],
    ['an action that is none', (text) => `${text}\np, role:viewer, model, destroy\n`, 'unknown action'],
    ['a noun that is none', (text) => `${text}\np, role:viewer, server, read\n`, 'unknown action'],
    ['a person in a role', (text) => `${text}\ng, dana, role:admin\n`, 'unknown role'],
    ['a role in a person', (text) => `${text}\ng, role:admin, dana\n`, 'unknown role'],
    ['a grouping in a domain', (text) => `${text}\ng, role:viewer, role:admin, ws_1\n`, 'not a rule of the form'],
    [
      'an unmatched bracket, on which casbin loses the rest',
      (text) => `p, role:viewer, model(, read\n${text}`,
      'unknown action',
    ],
    ['a line cut short', (text) => `${text}\np, role:viewer, model\n`, 'not a rule of the form'],
    [
      'a policy in which nobody may do something',
      (text) => text.replaceAll(/.*, member, bind\n/g, ''),
      'no role may ever do: member:bind',
    ],
  ])('%s', async (_, change, message) => {
    await expect(buildAccessRules(model, change(policy))).rejects.toThrow(message)
  })

  it('leave those in force that were there before', async () => {
    const before = await loadAccessRules(folder)
    const other = await mkdtemp(join(tmpdir(), 'quarterdeck-rules-'))
    try {
      await writeFile(join(other, 'model.conf'), model)
      await writeFile(join(other, 'roles.csv'), 'p, role:viewer, model(, read\n')
      await expect(loadAccessRules(other)).rejects.toThrow('unknown action')
      await expect(loadAccessRules(join(other, 'nowhere'))).rejects.toThrow('ENOENT')
      expect(currentRules()).toBe(before)
    } finally {
      await rm(other, { recursive: true, force: true })
    }
  })
})

describe('a decision', () => {
  it.each<[string, Binding[], boolean]>([
    ['nobody', [], false],
    ['the role', [binding('operator')], true],
    ['another role', [binding('developer')], false],
    ['the role in another workspace', [binding('operator', { workspaceId: 'ws_2' })], false],
    ['the role in this environment', [binding('operator', { environment: 'production' })], true],
    ['the role in another environment', [binding('operator', { environment: 'staging' })], false],
    ['the role for models with this label', [binding('operator', { label: 'fraud' })], true],
    ['the role for models with another label', [binding('operator', { label: 'churn' })], false],
    [
      'the role in this environment and another label',
      [binding('operator', { environment: 'production', label: 'churn' })],
      false,
    ],
    ['one of several roles', [binding('viewer'), binding('operator')], true],
    ['a role that is none', [binding('root')], false],
    ['an empty role', [binding('')], false],
    ['the name of the rule', [binding('role:operator')], false],
    ['a name that objects have', [binding('constructor')], false],
  ])('for %s', (_, bindings, allowed) => {
    expect(may(bindings).allowed).toBe(allowed)
  })

  it('lets a narrowed role reach nothing that does not say where it belongs', () => {
    const bare = { kind: 'workspace', id: 'ws_1', workspaceId: 'ws_1' }
    expect(may([binding('operator', { environment: 'production' })], bare).allowed).toBe(false)
    expect(may([binding('operator', { label: 'fraud' })], bare).allowed).toBe(false)
    expect(may([binding('operator')], bare).allowed).toBe(true)
  })

  it('says why, and whom to ask', () => {
    expect(may([binding('developer', { environment: 'staging' })])).toEqual({
      allowed: false,
      because: 'rollout:start needs the role operator; held: developer (in staging)',
      rolesThatMay: ['operator'],
    })
    expect(may([]).because).toContain('no role in this workspace')
    expect(may([binding('operator', { label: 'fraud' })]).because).toBe(
      'role operator (for fraud) allows rollout:start',
    )
  })

  it('is never allowed by a narrower binding and denied by the wider one', () => {
    const scope = fc.record({
      role: fc.constantFrom(...roles),
      environment: fc.option(fc.constantFrom('production', 'staging')),
      label: fc.option(fc.constantFrom('fraud', 'churn')),
    })
    fc.assert(
      fc.property(scope, fc.constantFrom(...actions), (narrow, action) => {
        const wide = { ...narrow, environment: null, label: null, workspaceId: 'ws_1' }
        const narrowed = decideAccess(rules, [{ ...narrow, workspaceId: 'ws_1' }], action, resource)
        expect(!narrowed.allowed || decideAccess(rules, [wide], action, resource).allowed).toBe(true)
      }),
    )
  })
})
