import { listEntries } from '#lib/audit/reads.ts'
import { listFindings } from '#lib/drift/reads.ts'
import { listApprovals } from '#lib/approvals/reads.ts'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { listServing } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { listRollouts, readRollout } from '#lib/rollouts/reads.ts'
import { names } from './calendar.ts'

/** Something that the story must come to: when it was so, by our clock, and what there is to say of it. */
export type Reached = { at: Date; note: string }
export type Milestone = { name: string; look: (ctx: Ctx) => Promise<Reached | undefined> }

/** What a run of the story must come to, read through the same reads as the pages use. */
export const milestones: readonly Milestone[] = [
  { name: 'first version approved', look: approved },
  { name: 'first version serves', look: served },
  { name: 'second version promoted', look: (ctx) => promoted(ctx, names.main) },
  { name: 'second version promoted, regional', look: (ctx) => promoted(ctx, names.regional) },
  { name: 'storm of 28 April found', look: (ctx) => found(ctx, { monitor: 'storm-days', day: '2001-04-28' }) },
  { name: 'drill: distance drifts', look: (ctx) => found(ctx, { feature: 'distance', drill: true }) },
  { name: 'drill: origin drifts', look: (ctx) => found(ctx, { feature: 'origin', drill: true }) },
  { name: 'drill: objective burns', look: (ctx) => told(ctx, 'slo:evaluate', { state: 'burning' }, names.main) },
  {
    name: 'drill: watch holds and pages',
    look: (ctx) => told(ctx, 'rollout:hold', { phase: 'watch', decision: 'hold' }),
  },
  { name: 'drill: regional rolled back', look: (ctx) => rolledBack(ctx, names.regional, '2.0.0') },
  { name: 'third version rolled back by the verdict', look: (ctx) => rolledBack(ctx, names.main, '3.0.0') },
]

async function approved(ctx: Ctx): Promise<Reached | undefined> {
  const { items } = await listApprovals(ctx, { state: 'approved', limit: 200 })
  const first = items.findLast((a) => a.subject.version.version === '1.0.0' && a.decidedAt !== null)
  if (!first?.decidedAt) return undefined
  return { at: first.decidedAt, note: `${first.subject.model.name}@1.0.0 for ${first.subject.environment.name}` }
}

async function served(ctx: Ctx): Promise<Reached | undefined> {
  const endpointId = await endpointOf(ctx, names.main)
  const first = endpointId && (await listServing(ctx, { endpointId, history: true })).find((s) => s.version === '1.0.0')
  return first ? { at: first.since, note: `at ${names.main}, as read back` } : undefined
}

async function promoted(ctx: Ctx, endpoint: string): Promise<Reached | undefined> {
  const rollout = await rolloutTo(ctx, endpoint, '2.0.0')
  if (rollout?.state !== 'succeeded' || rollout.endedAt === null) return undefined
  const steps = rollout.stepViews.flatMap((s) => (s.verifiedAt ? [`${s.weight} % ${clockOf(s.verifiedAt)}`] : []))
  return { at: rollout.endedAt, note: `steps verified: ${steps.join(', ')}` }
}

async function rolledBack(ctx: Ctx, endpoint: string, version: string): Promise<Reached | undefined> {
  const rollout = await rolloutTo(ctx, endpoint, version)
  const chain = rollout?.chain.rollback
  if (rollout?.state !== 'rolled-back' || rollout.endedAt === null || chain?.by !== 'machine') return undefined
  const decided = Date.parse(chain.decidedAt)
  const after = (at: string | null) => (at === null ? 'never' : `+${Date.parse(at) - decided} ms`)
  const times = `intent ${after(chain.intentAt)}, traffic ${after(chain.trafficAppliedAt)}, read back ${after(chain.trafficVerifiedAt)}, alias ${after(chain.aliasVerifiedAt)}`
  return { at: rollout.endedAt, note: `decided ${clockOf(chain.decidedAt)}; ${times}; ${chain.because}` }
}

async function found(
  ctx: Ctx,
  of: { monitor?: string; feature?: string; day?: string; drill?: boolean },
): Promise<Reached | undefined> {
  const endpointId = await endpointOf(ctx, names.main)
  if (endpointId === undefined) return undefined
  const { items } = await listFindings(ctx, { endpointId, limit: 200 })
  const finding = items.find(
    (f) =>
      (of.monitor === undefined || f.monitorName === of.monitor) &&
      (of.feature === undefined || f.feature === of.feature) &&
      (of.drill === undefined || (f.drill !== null) === of.drill) &&
      (of.day === undefined || f.since.toISOString().startsWith(of.day)),
  )
  if (!finding) return undefined
  const { feature, level, figures, attribution } = finding
  const bins = attribution.bins.slice(0, 3).map((b) => b.label)
  const causes = attribution.causes.map((c) => c.text)
  const note = `${feature} ${level} since ${finding.since.toISOString().slice(0, 10)}, PSI ${figures.effect.toFixed(2)}; bins ${bins.join(', ')}; ${causes.join('; ') || 'no likely cause'}`
  return { at: finding.openedAt, note }
}

/** The first entry of that kind whose account of what came after says so. */
async function told(
  ctx: Ctx,
  kind: string,
  says: Record<string, string>,
  resource?: string,
): Promise<Reached | undefined> {
  const { items } = await listEntries(ctx, { kind, outcome: 'found', limit: 200 })
  const entry = items.findLast(({ content }) => {
    const after = (content?.after ?? {}) as Record<string, unknown>
    const isOf = resource === undefined || content?.resource.name?.startsWith(`${resource} `) === true
    return isOf && content?.drill !== undefined && Object.entries(says).every(([name, value]) => after[name] === value)
  })
  return entry && { at: entry.time, note: `${entry.content?.because ?? ''} [${entry.content?.drill ?? ''}]` }
}

async function rolloutTo(ctx: Ctx, endpoint: string, version: string) {
  const endpointId = await endpointOf(ctx, endpoint)
  if (endpointId === undefined) return undefined
  const { items } = await listRollouts(ctx, { endpointId, limit: 50 })
  const found = items.find((r) => r.to.version === version)
  return found && readRollout(ctx, found.id)
}

async function endpointOf(ctx: Ctx, name: string): Promise<string | undefined> {
  return (await listEndpoints(ctx, { limit: 200 })).items.find((e) => e.name === name)?.id
}

function clockOf(instant: string): string {
  return instant.slice(11, 19)
}
