import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import type { Attribution } from './attribute.ts'
import { binsOf, sumCounts, type Bin } from './bins.ts'
import type { FeatureProfile } from './cells.ts'
import type { FeatureVerdict } from './decide.ts'
import { psi, total } from './divergence.ts'
import type { Evaluation } from './evaluation.ts'
import { can, type Can, type FindingState, type ProfileView } from './model.ts'
import type { DriftPolicy } from './policy.ts'
import { Profile } from './profile.ts'
import { selectFinding, selectFindings, selectOpenFindings, type FindingRow } from './queries-findings.ts'
import {
  selectCounts,
  selectMonitor,
  selectMonitors,
  selectProfile,
  selectProfilesOf,
  type MonitorRow,
} from './queries-monitors.ts'

export type MonitorView = Omit<MonitorRow, 'workspaceId' | 'labels' | 'fence' | 'lastResult' | 'policy'> & {
  policy: DriftPolicy
  /** The newest verdict of each feature, worst first; empty before the first evaluation. */
  features: FeatureVerdict[]
}

export type FindingView = Omit<FindingRow, 'workspaceId' | 'labels' | 'figures' | 'attribution'> & {
  figures: Omit<NonNullable<FeatureVerdict['figures']>, 'attribution'>
  attribution: Attribution
  /** What the finding's state allows, with the reason if not. */
  can: { acknowledge: Can }
}

export type PsiPoint = { windowAt: Date; rows: number; psi: number | null }

const windowsMax = 2000
const worst: Record<FeatureVerdict['verdict'], number> = { act: 0, watch: 1, insufficient: 2, 'no-data': 3, ok: 4 }

/** For rollouts and others above: what drifts at an endpoint now, acknowledged or not. */
export function findOpenFindings(db: Reader, filter: { endpointId: string }) {
  return selectOpenFindings(db, filter.endpointId)
}

export async function listProfiles(ctx: Ctx, versionId: string): Promise<ProfileView[]> {
  await authorizeRead(ctx, 'drift:read')
  const rows = await selectProfilesOf(ctx.db, ctx.workspaceId, versionId)
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }))
}

export async function listMonitors(
  ctx: Ctx,
  input: { limit?: number; cursor?: string | undefined; endpointId?: string | undefined } = {},
): Promise<Page<MonitorView>> {
  await authorizeRead(ctx, 'drift:read')
  const limit = input.limit ?? 50
  const { workspaceId } = ctx
  const before = decodeCursor(input.cursor)
  const rows = await selectMonitors(ctx.db, { workspaceId, endpointId: input.endpointId, before, limit: limit + 1 })
  return pageOf(rows.map(toMonitor), limit, (monitor) => monitor.id)
}

export async function readMonitor(ctx: Ctx, id: string): Promise<MonitorView> {
  return toMonitor(await authorizedMonitor(ctx, id))
}

export async function listFindings(
  ctx: Ctx,
  input: {
    limit?: number
    cursor?: string | undefined
    endpointId?: string | undefined
    monitorId?: string | undefined
    state?: FindingState | undefined
  } = {},
): Promise<Page<FindingView>> {
  await authorizeRead(ctx, 'drift:read')
  const { limit = 50, cursor, ...filter } = input
  const before = decodeCursor(cursor)
  const rows = await selectFindings(ctx.db, { ...filter, workspaceId: ctx.workspaceId, before, limit: limit + 1 })
  return pageOf(rows.map(toFinding), limit, (finding) => finding.id)
}

/** A finding with every bin of its feature: the reference beside the windows that its newest figures are of. */
export async function readFinding(ctx: Ctx, id: string): Promise<FindingView & { bins: Bin[] }> {
  const row = await selectFinding(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such finding in this workspace.')
  const { workspaceId, environment, labels, monitorId, feature } = row
  await authorizeRead(ctx, 'drift:read', { kind: 'finding', id, workspaceId, environment, labels })
  const finding = toFinding(row)
  const { startMs, endMs } = finding.figures
  const monitor = await selectMonitor(ctx.db, monitorId)
  if (!monitor) throw problem('not-found', 'There is no such finding in this workspace.')
  const span = { from: new Date(startMs), to: new Date(endMs) }
  return { ...finding, bins: await binsBetween(ctx, monitor, feature, span) }
}

/** The PSI (Jeffreys) of one feature in each window that begins in [from, to), oldest first. Null without rows. */
export async function readPsiSeries(
  ctx: Ctx,
  filter: { monitorId: string; feature: string; from: Date; to: Date },
): Promise<PsiPoint[]> {
  const monitor = await authorizedMonitor(ctx, filter.monitorId)
  requireSpan(monitor, filter)
  const feature = await featureOf(ctx, monitor, filter.feature)
  const rows = await selectCounts(ctx.db, monitor.id, filter.from, filter.to)
  return rows
    .filter((row) => row.feature === feature.name)
    .map(({ windowAt, counts }) => {
      const current = counts.map(Number)
      return { windowAt, rows: total(current), psi: psi(feature.counts, current, 'jeffreys')?.value ?? null }
    })
}

/** Every bin of a feature over the windows that begin in [from, to). */
export async function readWindowBins(
  ctx: Ctx,
  filter: { monitorId: string; feature: string; from: Date; to: Date },
): Promise<Bin[]> {
  const monitor = await authorizedMonitor(ctx, filter.monitorId)
  requireSpan(monitor, filter)
  return binsBetween(ctx, monitor, filter.feature, filter)
}

async function binsBetween(
  ctx: Ctx,
  monitor: MonitorRow,
  name: string,
  { from, to }: { from: Date; to: Date },
): Promise<Bin[]> {
  const feature = await featureOf(ctx, monitor, name)
  const rows = await selectCounts(ctx.db, monitor.id, from, to)
  const vectors = rows.filter((row) => row.feature === name).map((row) => row.counts.map(Number))
  return binsOf(feature, sumCounts(vectors, feature.counts.length))
}

async function featureOf(ctx: Ctx, monitor: MonitorRow, name: string): Promise<FeatureProfile> {
  const stored = await selectProfile(ctx.db, monitor.profileId)
  const feature = stored && Profile.parse(stored.content).features.find((each) => each.name === name)
  if (!feature) throw problem('not-found', 'This monitor’s profile has no such feature.')
  return feature
}

async function authorizedMonitor(ctx: Ctx, id: string): Promise<MonitorRow> {
  const row = await selectMonitor(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such monitor in this workspace.')
  const { workspaceId, environment, labels } = row
  await authorizeRead(ctx, 'drift:read', { kind: 'monitor', id, workspaceId, environment, labels })
  return row
}

function requireSpan(monitor: MonitorRow, { from, to }: { from: Date; to: Date }): void {
  const windows = (to.getTime() - from.getTime()) / 1000 / monitor.windowSeconds
  if (!(windows > 0 && windows <= windowsMax))
    throw problem('invalid', `from, to: must be a span of at most ${windowsMax} windows`)
}

function toMonitor(row: MonitorRow): MonitorView {
  const { workspaceId: _, labels: __, fence: ___, lastResult, policy, ...view } = row
  const verdicts = (lastResult as Evaluation | null)?.verdicts ?? []
  const features = [...verdicts].sort((a, b) => worst[a.verdict] - worst[b.verdict])
  return { ...view, policy: policy as DriftPolicy, features }
}

function toFinding(row: FindingRow): FindingView {
  const { workspaceId: _, labels: __, figures, attribution, ...view } = row
  return {
    ...view,
    figures: figures as FindingView['figures'],
    attribution: attribution as Attribution,
    can: { acknowledge: can.acknowledge(row) },
  }
}
