import type { AccessRules } from './rules.ts'
import { roles, type Action, type Resource, type Role } from './actions.ts'

/** A role that somebody holds, as far as it reaches. */
export type Binding = {
  role: string
  workspaceId: string
  environment: string | null
  label: string | null
}

export type AccessDecision = {
  allowed: boolean
  /** The role that allows it; for a refusal, what was held instead. */
  because: string
  /** Roles that could: who to ask. */
  rolesThatMay: Role[]
}

/** May a holder of these bindings do this to that? Pure and total. */
export function decideAccess(
  rules: AccessRules,
  bindings: readonly Binding[],
  action: Action,
  resource: Resource,
): AccessDecision {
  const rolesThatMay = rules.rolesFor(action)
  const here = bindings.filter((b) => b.workspaceId === resource.workspaceId)
  const reaching = here.filter((b) => reaches(b, resource))
  const granting = reaching.find((b) => isRole(b.role) && rules.allows(b.role, action))
  if (granting) return { allowed: true, because: `role ${describe(granting)} allows ${action}`, rolesThatMay }
  const held = here.length === 0 ? 'no role in this workspace' : here.map(describe).join(', ')
  const needed = rolesThatMay.length === 0 ? 'nobody' : rolesThatMay.join(' or ')
  return { allowed: false, because: `${action} needs the role ${needed}; held: ${held}`, rolesThatMay }
}

/** Does a role, as it is narrowed, reach this thing? */
export function reaches(
  b: Pick<Binding, 'environment' | 'label'>,
  resource: Pick<Resource, 'environment' | 'labels'>,
): boolean {
  // A narrowed role reaches nothing that does not say which environment or model it belongs to.
  if (b.environment !== null && b.environment !== resource.environment) return false
  return b.label === null || (resource.labels?.includes(b.label) ?? false)
}

/** A role as it is narrowed, in words. */
export function describe(b: Pick<Binding, 'role' | 'environment' | 'label'>): string {
  const scope = [b.environment && `in ${b.environment}`, b.label && `for ${b.label}`].filter(Boolean).join(' ')
  return scope === '' ? b.role : `${b.role} (${scope})`
}

function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text)
}
