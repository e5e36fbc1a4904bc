import type { Action } from '#lib/access/actions.ts'
import { accessDecision, authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import {
  can,
  IncidentFiguresInput,
  type Can,
  type ChangeBefore,
  type IncidentState,
  type IncidentView,
  type TimelineEvent,
} from './model.ts'
import { selectIncident, selectIncidents, type IncidentRow } from './queries.ts'
import { selectChanges, selectFigures, selectTimeline } from './queries-timeline.ts'
import { resourceOf } from './resource.ts'
import type { IncidentKind } from './rules.ts'

const hourMs = 3_600_000

export type ListIncidentsInput = {
  limit?: number
  cursor?: string | undefined
  state?: IncidentState | undefined
  /** Only what is not resolved. */
  unresolved?: boolean | undefined
  endpointId?: string | undefined
  rolloutId?: string | undefined
}

export type IncidentDetail = IncidentView & {
  timeline: TimelineEvent[]
  /** What was done about the same endpoint or rollout in the hour before it opened. */
  changesBefore: ChangeBefore[]
  /** What the caller may do, and if not, why. */
  mine: { acknowledge: Can; resolve: Can; note: Can }
}

export type IncidentFigures = {
  /** Opened in the range; drills are counted apart and are in no mean. */
  opened: number
  unresolved: number
  drills: number
  /** Mean time to acknowledge, of those that were; null when none was. */
  mttaSeconds: number | null
  /** Mean time to resolve, of those that were; null when none was. */
  mttrSeconds: number | null
}

export async function listIncidents(ctx: Ctx, input: ListIncidentsInput = {}): Promise<Page<IncidentView>> {
  await authorizeRead(ctx, 'incident:read')
  const { limit = 50, cursor, ...filter } = input
  const before = decodeCursor(cursor)
  const rows = await selectIncidents(ctx.db, { ...filter, workspaceId: ctx.workspaceId, before, limit: limit + 1 })
  return pageOf(rows.map(toView), limit, (i) => i.id)
}

/** An incident with its timeline, what changed in the hour before, and what the caller may do about it. */
export async function readIncident(ctx: Ctx, id: string): Promise<IncidentDetail> {
  const row = await selectIncident(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such incident in this workspace.')
  await authorizeRead(ctx, 'incident:read', resourceOf(row))
  const { workspaceId, endpointId, rolloutId, openedAt } = row
  const from = new Date(openedAt.getTime() - hourMs)
  const [timeline, changesBefore, acknowledge, resolve, note] = await Promise.all([
    selectTimeline(ctx.db, id),
    selectChanges(ctx.db, { workspaceId, endpointId, rolloutId, from, until: openedAt }),
    allowed(ctx, row, 'incident:acknowledge', can.acknowledge(row)),
    allowed(ctx, row, 'incident:resolve', can.resolve(row)),
    allowed(ctx, row, 'incident:note', { allowed: true }),
  ])
  return { ...toView(row), timeline, changesBefore, mine: { acknowledge, resolve, note } }
}

/** How many incidents opened between two moments, and how long people took. */
export async function readIncidentFigures(ctx: Ctx, input: IncidentFiguresInput): Promise<IncidentFigures> {
  const { from, to } = parseInput(IncidentFiguresInput, input)
  await authorizeRead(ctx, 'incident:read')
  const { acknowledgeSeconds, resolveSeconds, ...counts } = await selectFigures(ctx.db, ctx.workspaceId, from, to)
  return { ...counts, mttaSeconds: acknowledgeSeconds, mttrSeconds: resolveSeconds }
}

async function allowed(ctx: Ctx, row: IncidentRow, action: Action, state: Can): Promise<Can> {
  const access = await accessDecision(ctx, ctx.db, action, resourceOf(row))
  return access.allowed ? state : { allowed: false, because: access.because }
}

function toView(row: IncidentRow): IncidentView {
  const { id, title, severity, state, because, rolloutId, drill, openedAt, acknowledgedAt, resolvedAt } = row
  return {
    id,
    title,
    kind: row.kind as IncidentKind,
    severity,
    state,
    because,
    endpoint: row.endpointId === null ? null : { id: row.endpointId, name: row.endpointName ?? '' },
    rolloutId,
    drill,
    openedAt,
    openedBy: { id: row.openedById, name: row.openedByName },
    acknowledgedAt,
    acknowledgedBy: identity(row.acknowledgedById, row.acknowledgedByName),
    resolvedAt,
    resolvedBy: identity(row.resolvedById, row.resolvedByName),
  }
}

function identity(id: string | null, name: string | null): { id: string; name: string } | null {
  return id === null ? null : { id, name: name ?? '' }
}
