import { listFindings } from '#lib/drift/reads.ts'
import { listIncidents } from '#lib/incidents/reads.ts'
import { whetherAllowed } from '#lib/members/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { paths } from '../../paths.ts'
import type { Need } from './urgency.ts'

/** For those on call: incidents that nobody has acknowledged. A drill is named as one. */
export async function openIncidents(ctx: Ctx): Promise<Need[]> {
  const [mayRead, mayAct] = await Promise.all([
    whetherAllowed(ctx, 'incident:read'),
    whetherAllowed(ctx, 'incident:acknowledge'),
  ])
  if (!mayRead.allowed || !mayAct.allowed) return []
  const { items } = await listIncidents(ctx, { state: 'open', limit: 50 })
  return items.map((incident) => ({
    id: incident.id,
    urgency: incident.severity === 'sev3' ? 'look' : 'users-hurt',
    status: 'open',
    title: `${labelled(incident.drill)}${incident.title}`,
    because: incident.because,
    since: incident.openedAt,
    verb: 'Acknowledge',
    href: paths.incident(incident.id),
  }))
}

/** For those who answer for the data: findings to act on that nobody has acknowledged. */
export async function openFindings(ctx: Ctx): Promise<Need[]> {
  const [mayRead, mayAct] = await Promise.all([
    whetherAllowed(ctx, 'drift:read'),
    whetherAllowed(ctx, 'finding:acknowledge'),
  ])
  if (!mayRead.allowed || !mayAct.allowed) return []
  const { items } = await listFindings(ctx, { state: 'open', limit: 50 })
  return items
    .filter((finding) => finding.level === 'act')
    .map((finding) => ({
      id: finding.id,
      urgency: 'look',
      status: 'drifting',
      title: `${labelled(finding.drill)}${finding.feature} drifts at ${finding.endpointName}`,
      because: finding.because,
      since: finding.openedAt,
      verb: 'Look',
      href: paths.driftFeature(finding.monitorId, finding.feature),
    }))
}

function labelled(drill: string | null): string {
  return drill === null ? '' : `Drill, ${drill}: `
}
