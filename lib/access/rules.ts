import { newEnforcer, newModel, StringAdapter, type Enforcer } from 'casbin'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { actions, roles, type Action, type Role } from './actions.ts'

const roleNames: readonly string[] = roles.map((r) => `role:${r}`)

/** Which role may do what. Pure once made: it answers synchronously, about roles only. */
export type AccessRules = {
  allows(role: Role, action: Action): boolean
  /** Who could: every role that may do it, for "ask an approver". */
  rolesFor(action: Action): Role[]
  /** The lines of roles.csv that let a role do it: its own, and those of roles whose powers it has. */
  linesFor(role: Role, action: Action): string[]
  /** `sha256:` of the text that they were built from: what audit entries and processes know them by. */
  digest: string
}

/**
 * Builds the rules from casbin's model and policy text and tests them before anyone relies on them: an empty policy, an
 * unknown role or action, or a rule that does not answer is an error, so that a caller can keep the rules it had.
 */
export async function buildAccessRules(modelText: string, policyText: string): Promise<AccessRules> {
  const lines = policyText.split('\n').filter((l) => l.trim() !== '' && !l.startsWith('#'))
  if (lines.length === 0) throw new Error('the access policy is empty: refusing rules that would deny everything')
  for (const line of lines) checkLine(line)
  const enforcer = await newEnforcer(newModel(modelText), new StringAdapter(lines.join('\n')))
  const table = tabulate(enforcer)
  if (!actions.every((action) => roles.some((role) => table.get(role)?.has(action)))) {
    const orphans = actions.filter((action) => !roles.some((role) => table.get(role)?.has(action)))
    throw new Error(`no role may ever do: ${orphans.join(', ')}`)
  }
  const holders = new Map(actions.map((action) => [action, roles.filter((role) => table.get(role)?.has(action))]))
  return {
    allows: (role, action) => table.get(role)?.has(action) ?? false,
    rolesFor: (action) => [...(holders.get(action) ?? [])],
    linesFor: (role, action) => linesOf(enforcer, role, action),
    digest: policyDigest({ model: modelText, policy: policyText }),
  }
}

// Roles and actions are closed lists, so casbin's answers are asked once and kept: a lookup costs nothing afterwards,
// and a reload is a new table.
function tabulate(enforcer: Enforcer): Map<Role, Set<Action>> {
  const table = new Map<Role, Set<Action>>()
  for (const role of roles) {
    const allowed = actions.filter((action) => {
      const [noun = '', verb = ''] = action.split(':')
      return enforcer.enforceSync(`role:${role}`, noun, verb)
    })
    table.set(role, new Set(allowed))
  }
  return table
}

// casbin says which rule allowed it; over which inheritance is looked up beside it. Asked to explain, never to decide.
function linesOf(enforcer: Enforcer, role: Role, action: Action): string[] {
  const [noun = '', verb = ''] = action.split(':')
  const [allowed, rule] = enforcer.enforceExSync(`role:${role}`, noun, verb)
  if (!allowed) return []
  const line = `p, ${rule.join(', ')}`
  return rule[0] === `role:${role}` ? [line] : [`g, role:${role}, ${rule[0]}`, line]
}

function checkLine(line: string): void {
  const parts = line.split(',').map((p) => p.trim())
  const [kind, subject, noun, verb] = parts
  const known: readonly string[] = actions
  const inherits = kind === 'g' && parts.length === 3
  const allows = kind === 'p' && parts.length === 4
  if (!(inherits || allows) || parts.includes('')) {
    throw new Error(`not a rule of the form "p, role:name, noun, verb" or "g, role:name, role:name": ${line}`)
  }
  for (const name of inherits ? [subject, noun] : [subject]) {
    if (!roleNames.includes(name ?? '')) throw new Error(`unknown role in rule: ${line}`)
  }
  if (allows && verb !== '*' && !known.includes(`${noun}:${verb}`)) throw new Error(`unknown action in rule: ${line}`)
}
