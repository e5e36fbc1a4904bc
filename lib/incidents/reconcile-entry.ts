import type { FeedEntry } from '#lib/audit/feed.ts'
import { TurnLost, type FeedStep } from '#lib/audit/follow-feed.ts'
import { mutate, type Loaded } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import {
  insertEvent,
  insertIncident,
  insertLines,
  lockUnresolved,
  updateIncident,
  type IncidentRow,
} from './queries.ts'
import type { IncidentSeverity, Opening, Resolving } from './rules.ts'
import { resourceOf } from './resource.ts'

/** One entry of the feed, its turn, and what it concerns. */
export type Step = {
  entry: FeedEntry
  workspaceId: string
  turn: FeedStep
  endpointId: string | undefined
  rolloutId: string | undefined
}

/** Opens an incident for the entry, or tells the open one that it fired again; the cursor moves with it. */
export async function recordOpening(system: System, step: Step, effect: Opening): Promise<void> {
  const { entry, workspaceId } = step
  const ctx = workerCtx(system, workspaceId)
  await mutate(ctx, { action: 'incident:open', load: (tx) => load(tx, step, effect.fingerprint) }, async (tx, open) => {
    if (!open && effect.updatesOnly) throw new TurnLost()
    const id = open?.id ?? newId('incident', system.clock.now())
    const after = open
      ? await fireAgain(tx, open, effect)
      : await openNew(tx, { id, step, effect, actorId: ctx.actorId })
    const kind = open ? 'fired' : 'opened'
    await insertEvent(tx, { incidentId: id, at: entry.time, kind, text: effect.because, entryId: entry.id })
    await pass(tx, step)
    const before = open ? { state: open.state, severity: open.severity, title: open.title } : undefined
    return {
      value: undefined,
      audit: {
        resource: { kind: 'incident', id, name: effect.title },
        before,
        after: { ...after, fingerprint: effect.fingerprint, endpointId: step.endpointId, entryId: entry.id },
        because: effect.because,
        drill: effect.drill,
      },
      wake: ['incidents'],
    }
  })
}

/** Resolves the incident that the entry's rule opened; the cursor moves with it. */
export async function recordResolving(system: System, step: Step, effect: Resolving): Promise<void> {
  const { entry, workspaceId } = step
  const ctx = workerCtx(system, workspaceId)
  await mutate(ctx, { action: 'incident:resolve', load: (tx) => load(tx, step, effect.resolves) }, async (tx, open) => {
    if (!open) throw new TurnLost()
    const to = { state: 'resolved' as const, resolved_at: entry.time, resolved_by: ctx.actorId }
    if (!(await updateIncident(tx, open.id, to))) throw new TurnLost()
    await insertEvent(tx, {
      incidentId: open.id,
      at: entry.time,
      kind: 'resolved',
      text: effect.because,
      entryId: entry.id,
    })
    await pass(tx, step)
    return {
      value: undefined,
      audit: {
        before: { state: open.state },
        after: { state: 'resolved', fingerprint: open.fingerprint, entryId: entry.id },
        because: effect.because,
        drill: open.drill ?? undefined,
      },
      wake: ['incidents'],
    }
  })
}

/** Adds the entry to the timelines that it concerns, and moves the cursor past it. */
export async function pass(tx: Tx, step: Step): Promise<void> {
  const { workspaceId, entry, turn, endpointId, rolloutId } = step
  const text = entry.content?.because ?? entry.kind
  await insertLines(tx, { workspaceId, entryId: entry.id, at: entry.time, text, endpointId, rolloutId })
  await turn.pass(tx)
}

async function load(tx: Tx, step: Step, fingerprint: string): Promise<Loaded<IncidentRow | undefined>> {
  await step.turn.take(tx)
  const open = await lockUnresolved(tx, step.workspaceId, fingerprint)
  if (open) return { subject: open, resource: resourceOf(open), name: open.title }
  const resource = { kind: 'workspace', id: step.workspaceId, workspaceId: step.workspaceId }
  return { subject: undefined, resource }
}

async function openNew(
  tx: Tx,
  { id, step, effect, actorId }: { id: string; step: Step; effect: Opening; actorId: string },
) {
  const { fingerprint, kind, title, severity, because } = effect
  const state = effect.mitigated ? ('mitigated' as const) : ('open' as const)
  await insertIncident(tx, {
    id,
    workspaceId: step.workspaceId,
    fingerprint,
    kind,
    title,
    severity,
    state,
    endpointId: effect.endpointId ?? step.endpointId ?? null,
    rolloutId: effect.rolloutId ?? null,
    drill: effect.drill ?? null,
    because,
    openedAt: step.entry.time,
    openedBy: actorId,
    openedByEntry: step.entry.id,
  })
  return { state, severity, title, kind }
}

// It takes the title of what is true now and the worst severity that it has had; harm that came back is not mitigated.
async function fireAgain(tx: Tx, open: IncidentRow, effect: Opening) {
  const back = open.acknowledgedAt === null ? ('open' as const) : ('acknowledged' as const)
  const state = effect.mitigated ? ('mitigated' as const) : back
  const severity = worst(open.severity, effect.severity)
  const { title, kind, because } = effect
  if (!(await updateIncident(tx, open.id, { state, severity, title, kind, because }))) throw new TurnLost()
  return { state, severity, title, kind }
}

function worst(a: IncidentSeverity, b: IncidentSeverity): IncidentSeverity {
  return a < b ? a : b
}
