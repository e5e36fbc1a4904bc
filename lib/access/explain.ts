import { roles as allRoles, type Action, type Resource, type Role } from './actions.ts'
import { decideAccess, describe, reaches, type AccessDecision } from './decide.ts'
import type { HeldRole } from './effective-roles.ts'
import type { AccessRules } from './rules.ts'

/** One role that somebody holds, and what it does for the question. */
export type Grant = {
  held: HeldRole
  /** `decides`: it allows the act. `elsewhere`: it would, and does not reach this thing. `other`: it never allows it. */
  effect: 'decides' | 'elsewhere' | 'other'
  /** The lines of roles.csv by which its role may do it; none when it may not. */
  lines: string[]
  because: string
}

export type Explanation = AccessDecision & {
  action: Action
  /** Everything held in the workspace, what decides first. */
  grants: Grant[]
  /** Every role that may do it, with the lines of roles.csv that say so. */
  rules: { role: Role; lines: string[] }[]
  /** For a refusal: what would allow it. */
  missing: { roles: Role[]; environment: string | null; labels: string[]; because: string } | null
}

/**
 * Why somebody who holds these roles may or may not do this to that: the decision of `decideAccess`, with every role
 * that says so, what gives it, and the rules. Pure and total.
 */
export function explainAccess(
  rules: AccessRules,
  held: readonly HeldRole[],
  action: Action,
  resource: Resource,
): Explanation {
  const decision = decideAccess(rules, held, action, resource)
  const here = held.filter((h) => h.workspaceId === resource.workspaceId)
  const grants = here.map((h) => grantOf(rules, h, action, resource)).sort((a, b) => rank(a) - rank(b))
  return {
    ...decision,
    action,
    grants,
    rules: decision.rolesThatMay.map((role) => ({ role, lines: rules.linesFor(role, action) })),
    missing: decision.allowed ? null : missingOf(decision.rolesThatMay, grants, resource),
  }
}

const order = { decides: 0, elsewhere: 1, other: 2 } as const
const rank = (grant: Grant) => order[grant.effect]

function grantOf(rules: AccessRules, held: HeldRole, action: Action, resource: Resource): Grant {
  const role = allRoles.find((r) => r === held.role)
  const lines = role === undefined ? [] : rules.linesFor(role, action)
  const source = `${describe(held)}, ${sourceOf(held)}`
  if (role === undefined || !rules.allows(role, action))
    return { held, effect: 'other', lines, because: `${source}: this role may not do it` }
  if (!reaches(held, resource))
    return {
      held,
      effect: 'elsewhere',
      lines,
      because: `${source}: it may do it, and does not reach ${placeOf(resource)}`,
    }
  return { held, effect: 'decides', lines, because: `${source}: it allows ${action}` }
}

function sourceOf(held: HeldRole): string {
  if (held.via === 'delegation') return 'delegated by somebody who holds it'
  return held.via === 'group' ? `through the group ${held.group}` : 'bound to this identity'
}

function placeOf({ environment, labels }: Resource): string {
  const parts = [
    environment && `the environment ${environment}`,
    labels?.length ? `models with ${labels.join(', ')}` : '',
  ]
  const named = parts.filter(Boolean).join(' and ')
  return named === '' ? 'what belongs to no environment and no model' : named
}

function missingOf(rolesThatMay: Role[], grants: readonly Grant[], resource: Resource): Explanation['missing'] {
  const environment = resource.environment ?? null
  const labels = [...(resource.labels ?? [])]
  const needed = rolesThatMay.length === 0 ? 'no role allows it' : `the role ${rolesThatMay.join(' or ')}`
  const near = grants.some((g) => g.effect === 'elsewhere')
  const because =
    rolesThatMay.length === 0
      ? 'No role allows it: policies/access/roles.csv would have to change, by review.'
      : near
        ? `Missing: ${needed} that reaches ${placeOf(resource)}; what is held is narrowed to something else.`
        : `Missing: ${needed}, for the whole workspace or reaching ${placeOf(resource)}.`
  return { roles: rolesThatMay, environment, labels, because }
}
