import { cache } from 'react'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { listApprovals } from '#lib/approvals/reads.ts'
import { listServing } from '#lib/models/reads.ts'
import { listRollouts } from '#lib/rollouts/reads.ts'
import { whetherAllowed } from '#lib/members/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { approvalsForMe } from '../../_server/voting.ts'
import { paths } from '../../paths.ts'
import type { NavCounts } from '../../_ui/shell/shell.tsx'
import type { NavId } from '../../_ui/shell/nav.ts'
import { openFindings, openIncidents } from './needs-response.ts'
import { byUrgency, type Need } from './urgency.ts'

/** What of a domain needs the caller. `counts` names the entry of the navigation that shows how many wait. */
type NeedSource = { counts?: NavId; read: (ctx: Ctx) => Promise<Need[]> }

/** One line a domain: what it adds to Home and to the counts beside the navigation. */
const sources: readonly NeedSource[] = [
  { counts: 'approvals', read: votesToCast },
  { counts: 'rollouts', read: heldRollouts },
  { counts: 'incidents', read: openIncidents },
  { counts: 'drift', read: openFindings },
  { read: endpointsInTrouble },
  { read: approvedAndNotServing },
]

/** Everything that needs the caller now, most urgent first; asked once a request. */
export const readNeeds = cache(async (ctx: Ctx): Promise<Need[]> => {
  const found = await Promise.all(sources.map((source) => source.read(ctx)))
  return found.flat().sort(byUrgency)
})

/** What waits for the caller, by entry of the navigation. */
export async function countWaiting(ctx: Ctx): Promise<NavCounts> {
  const counted = await Promise.all(
    sources.map(async ({ counts, read }) => (counts ? ([counts, (await read(ctx)).length] as const) : undefined)),
  )
  return Object.fromEntries(counted.filter((each) => each !== undefined))
}

async function votesToCast(ctx: Ctx): Promise<Need[]> {
  return (await approvalsForMe(ctx)).map((approval) => ({
    id: approval.id,
    urgency: 'person-waits',
    status: 'review',
    title: `May ${approval.subject.model.name} ${approval.subject.version.version} serve in ${approval.subject.environment.name}?`,
    because: `${approval.requestedBy.name} asks. ${approval.tally.because}`,
    since: approval.requestedAt,
    verb: 'Decide',
    href: paths.approval(approval.id),
  }))
}

/** For those who steer rollouts: the held ones, which go nowhere until somebody decides. */
async function heldRollouts(ctx: Ctx): Promise<Need[]> {
  const [mayRead, mayAct] = await Promise.all([
    whetherAllowed(ctx, 'rollout:read'),
    whetherAllowed(ctx, 'rollout:resume'),
  ])
  if (!mayRead.allowed || !mayAct.allowed) return []
  const { items } = await listRollouts(ctx, { active: true, limit: 200 })
  return items
    .filter((rollout) => rollout.state === 'held')
    .map((rollout) => ({
      id: rollout.id,
      urgency: 'machine-waits',
      status: 'held',
      statusWords: `Held at ${rollout.weight}\u00a0%`,
      title: `${rollout.model.name} ${rollout.from.version} → ${rollout.to.version} on ${rollout.endpoint.name}`,
      because: rollout.because,
      since: rollout.createdAt,
      verb: 'Decide',
      href: paths.rollout(rollout.id),
    }))
}

/** For those who can act on an endpoint: the ones that do not serve as intended. */
async function endpointsInTrouble(ctx: Ctx): Promise<Need[]> {
  const [mayRead, mayAct] = await Promise.all([
    whetherAllowed(ctx, 'endpoint:read'),
    whetherAllowed(ctx, 'endpoint:deploy'),
  ])
  if (!mayRead.allowed || !mayAct.allowed) return []
  const { items } = await listEndpoints(ctx, { limit: 200 })
  return items
    .filter((endpoint) => endpoint.state === 'degraded' || endpoint.state === 'unreachable')
    .map((endpoint) => ({
      id: endpoint.id,
      urgency: 'users-hurt',
      status: endpoint.state === 'degraded' ? 'degraded' : 'unknown',
      ...(endpoint.state === 'unreachable' ? { statusWords: 'Unreachable' } : {}),
      title: `${endpoint.name} does not serve as intended`,
      because: endpoint.because,
      since: endpoint.observedAt ?? endpoint.createdAt,
      verb: 'Look',
      href: paths.endpoint(endpoint.id),
    }))
}

/** For those who deploy: what was approved for an environment and does not serve there yet. */
async function approvedAndNotServing(ctx: Ctx): Promise<Need[]> {
  const may = await Promise.all(
    (['approval:read', 'model:read', 'endpoint:read', 'endpoint:deploy'] as const).map((a) => whetherAllowed(ctx, a)),
  )
  if (may.some((decision) => !decision.allowed)) return []
  const [approved, serving, endpoints] = await Promise.all([
    listApprovals(ctx, { state: 'approved', limit: 50 }),
    listServing(ctx, { history: true }),
    listEndpoints(ctx, { limit: 200 }),
  ])
  const nowMs = ctx.clock.now().getTime()
  return approved.items.flatMap(({ id, subject, because, requestedAt, decidedAt, expiresAt }) => {
    const endpoint = endpoints.items.find(
      (e) => e.modelId === subject.model.id && e.environment.id === subject.environment.id,
    )
    const wasServed = serving.some(
      (s) => s.versionId === subject.version.id && s.environmentId === subject.environment.id,
    )
    const onItsWay =
      endpoint?.candidate?.versionId === subject.version.id || endpoint?.stable?.versionId === subject.version.id
    if (!endpoint || wasServed || onItsWay || expiresAt.getTime() <= nowMs) return []
    const need: Need = {
      id,
      urgency: 'look',
      status: 'approved',
      title: `${subject.model.name} ${subject.version.version} may serve in ${subject.environment.name} and does not yet`,
      because,
      since: decidedAt ?? requestedAt,
      verb: endpoint.stable ? 'Roll out' : 'Deploy',
      href: paths.endpoint(endpoint.id),
    }
    return [need]
  })
}
