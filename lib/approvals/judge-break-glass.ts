import type { Can, ApprovalState } from './model.ts'
import type { ApprovalPolicy } from './policy.ts'

export type GlassRule = NonNullable<ApprovalPolicy['breakGlass']>
/** Why not, as the verb answers it and a page says it. */
export type GlassRefusal = {
  allowed: false
  code: 'forbidden' | 'conflict'
  because: string
  details: Record<string, unknown>
}
type Held = { role: string; via: string }

/** The rule by which holders of these roles may break glass under a policy, or why they may not. Pure. */
export function judgeGlassRule(
  policy: Pick<ApprovalPolicy, 'name' | 'breakGlass'>,
  held: readonly Held[],
): { allowed: true; rule: GlassRule } | GlassRefusal {
  const { name, breakGlass: rule } = policy
  if (!rule) return refused('forbidden', `The policy ${name} has no break-glass.`, { policy: name })
  // In an emergency one acts in person: a delegated role breaks no glass.
  if (held.some((h) => h.via !== 'delegation' && rule.by.some((role) => role === h.role)))
    return { allowed: true, rule }
  return refused('forbidden', `The policy ${name} lets ${rule.by.join(' or ')} break glass, in person.`, {
    by: rule.by,
  })
}

/** A veto and a revocation stand also against break-glass: why they do, or null. */
export function barredGlass(
  newest: { id: string; state: ApprovalState; because: string } | undefined,
): GlassRefusal | null {
  if (newest?.state !== 'rejected' && newest?.state !== 'revoked') return null
  const because = `Break-glass does not lift this: the request was ${newest.state} (${newest.because}).`
  return refused('conflict', because, { approvalId: newest.id })
}

/** An earlier use in the environment stands against the next until somebody has reviewed it. */
export function awaitingGlass(environment: string, open: { id: string; usedByName: string } | undefined): GlassRefusal {
  const who = open ? ` (${open.id}, used by ${open.usedByName})` : ''
  const because = `An earlier break-glass in ${environment} awaits its review${who}. Have it reviewed first.`
  return refused('conflict', because, { breakGlassId: open?.id })
}

/** May the person review this use? Whoever used it may not, under whatever identity, and it is reviewed once. Pure. */
export function judgeGlassReview(glass: { reviewed: boolean; usedByPerson: string }, person: string): Can {
  if (glass.usedByPerson === person)
    return { allowed: false, because: 'Whoever used break-glass may not review it: somebody else must.' }
  return glass.reviewed ? { allowed: false, because: 'It was reviewed already.' } : { allowed: true }
}

function refused(code: GlassRefusal['code'], because: string, details: Record<string, unknown>): GlassRefusal {
  return { allowed: false, code, because, details }
}
