import type { AccessDecision } from '#lib/access/decide.ts'
import type { Refusal } from '../_ui/permission-button.tsx'

/** A role that somebody holds in the workspace, as the list of members has it. */
export type Member = {
  identityId: string
  name: string
  kind: string
  role: string
  environment: string | null
  label: string | null
}

export type Scope = { environment?: string; labels?: readonly string[] }
export type Can = { allowed: true } | { allowed: false; because: string }

/** Does this binding reach what lies in that environment and bears those labels? The same rule as access itself. */
export function reaches(member: Pick<Member, 'environment' | 'label'>, scope: Scope): boolean {
  if (member.environment !== null && member.environment !== scope.environment) return false
  return member.label === null || (scope.labels?.includes(member.label) ?? false)
}

/** The people and services who hold one of these roles there, each once, by name. */
export function holdersOf(members: readonly Member[], roles: readonly string[], scope: Scope): Member[] {
  const holding = members.filter((m) => m.kind !== 'worker' && roles.includes(m.role) && reaches(m, scope))
  return [...new Map(holding.map((m) => [m.identityId, m])).values()]
}

/** What a control says when roles do not allow it: the rule, and who can. */
export function roleRefusal(decision: AccessDecision, members: readonly Member[], scope: Scope): Refusal {
  const holders = holdersOf(members, decision.rolesThatMay, scope).map((m) => m.name)
  const shown = holders.slice(0, namesMax).join(', ')
  const more = holders.length > namesMax ? ` and ${holders.length - namesMax} more` : ''
  return {
    because: 'Your roles do not allow this.',
    rule: `${decision.because}.`,
    who: holders.length === 0 ? 'Nobody here can: ask an admin for the role.' : `Who can: ${shown}${more}.`,
  }
}

const namesMax = 5

/** A reason of the state tables as a sentence. */
export function stateRefusal(because: string): Refusal {
  const sentence = because.charAt(0).toUpperCase() + because.slice(1)
  return { because: /[.!?]$/.test(sentence) ? sentence : `${sentence}.` }
}
