import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import { claimDue, releaseClaim, type Claim } from '#lib/platform/claim.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { newId } from '#lib/platform/ids.ts'
import { evaluateWindows, historyFrom, resumePoints, type Evaluation } from './evaluation.ts'
import { findingSteps, type FindingStep, type StandingFinding } from './finding-steps.ts'
import type { DriftPolicy } from './policy.ts'
import { Profile } from './profile.ts'
import { insertFinding, markResolved, selectStanding, updateFinding } from './queries-findings.ts'
import {
  advanceMonitor,
  lockMonitor,
  selectCountedWindows,
  selectCounts,
  selectDrill,
  selectMonitor,
  selectProfile,
  type MonitorRow,
} from './queries-monitors.ts'
import { closedUntil, windowsToEvaluate } from './windows.ts'

const leaseSeconds = 60
const claimsMax = 20
/** Windows of one monitor in one turn; what is left is due at once. */
const windowsMax = 50
/** Windows with rows that are listed in one turn, with those that pools and persistence look back at. */
const countedWindowsMax = 5000
/** New data makes a monitor due; this is for when that was missed. */
const idlePauseMs = 60_000
const backoffMsMax = 300_000

/**
 * One turn: evaluates the closed windows of due monitors, in the order of event time, and opens, updates and resolves
 * findings. A window is closed when the newest event time seen has passed its end by the monitor's allowed lateness.
 * Returns how many monitors it worked on.
 */
export async function reconcileDrift(system: System, holder: string): Promise<number> {
  const now = system.clock.now()
  const claims = await housekeep(system, 'lease', (tx) =>
    claimDue(tx, 'drift_monitor', { now, holder, leaseSeconds, limit: claimsMax }),
  )
  for (const claim of claims) await reconcileOne(system, claim)
  return claims.length
}

async function reconcileOne(system: System, claim: Claim): Promise<void> {
  let outcome: 'done' | 'failed' = 'failed'
  let pauseMs = Math.min(backoffMsMax, 1000 * 2 ** Math.min(claim.attempts, 10))
  try {
    const isMore = await evaluateMonitor(system, claim)
    outcome = 'done'
    pauseMs = isMore ? 0 : idlePauseMs
  } catch (error) {
    system.log.error({ err: error, monitorId: claim.id, attempts: claim.attempts }, 'a drift monitor was not evaluated')
  }
  const now = system.clock.now()
  await housekeep(system, 'lease', (tx) =>
    releaseClaim(tx, 'drift_monitor', claim, new Date(now.getTime() + pauseMs), outcome),
  )
  system.metrics.reconcileTurns.inc({ reconciler: 'drift', outcome })
}

/** True when closed windows are left for the next turn. */
async function evaluateMonitor(system: System, claim: Claim): Promise<boolean> {
  const monitor = await selectMonitor(system.db, claim.id)
  if (!monitor) return false
  const windowMs = monitor.windowSeconds * 1000
  const untilMs = closedUntil(windowMs, monitor.newestEventAt?.getTime() ?? null, monitor.latenessSeconds * 1000)
  const sinceMs = monitor.evaluatedUntil?.getTime() ?? -Infinity
  if (untilMs <= sinceMs) return false
  const stored = await selectProfile(system.db, monitor.profileId)
  if (!stored) throw new Error('the profile of a monitor is gone')
  const profile = Profile.parse(stored.content)
  const last = monitor.lastResult as Evaluation | null
  const windows = await listWindows(system, monitor, { fromMs: historyFrom(last), untilMs, windowMs })
  const due = windows.filter((start) => start >= sinceMs)
  const turn = due.slice(0, windowsMax)
  const [first, newest] = [windows[0], turn.at(-1)]
  if (first === undefined || newest === undefined) return false
  const rows = await selectCounts(system.db, monitor.id, new Date(first), new Date(newest + windowMs))
  const counts = rows.map(({ feature, windowAt, counts }) => ({
    feature,
    windowAtMs: windowAt.getTime(),
    counts: counts.map(Number),
  }))
  let before = last
  for (const start of turn) {
    const standing = await selectStanding(system.db, monitor.id)
    const evaluation = evaluateWindows({
      profile,
      policy: monitor.policy as DriftPolicy,
      windowMs,
      windows: windows.filter((each) => each <= start),
      counts,
      open: standing.map((f) => ({
        key: f.feature,
        severity: f.level,
        sinceMs: f.since.getTime(),
        lastPoolEndMs: f.lastWindowAt.getTime(),
      })),
      resumedFrom: resumePoints(before),
    })
    await record(system, monitor, claim, standing, evaluation, start)
    before = evaluation
  }
  return due.length > turn.length
}

async function listWindows(
  system: System,
  monitor: MonitorRow,
  { fromMs, untilMs, windowMs }: { fromMs: number; untilMs: number; windowMs: number },
): Promise<number[]> {
  // PostgreSQL has no time before -4713; before 1970 no event is taken.
  const from = new Date(Math.max(0, fromMs))
  const { before, counted } = await selectCountedWindows(system.db, monitor.id, from, countedWindowsMax)
  const countedMs = counted.map((at) => at.getTime())
  // What is beyond the limit is looked at in a later turn: until then the list ends with what is known.
  const newest = countedMs.at(-1)
  const isCut = counted.length >= countedWindowsMax && newest !== undefined
  return windowsToEvaluate({
    windowMs,
    fromMs: from.getTime(),
    untilMs: isCut ? Math.min(untilMs, newest + windowMs) : untilMs,
    beforeMs: before?.getTime() ?? null,
    countedMs,
  })
}

/**
 * What people must hear goes through the door, one entry for each finding; figures are brought up to date beside it. A crash
 * in between is made good by the next turn: deciding again on the same pools opens nothing a second time.
 */
async function record(
  system: System,
  monitor: MonitorRow,
  claim: Claim,
  standing: readonly StandingFinding[],
  evaluation: Evaluation,
  windowAtMs: number,
): Promise<void> {
  const drill = await selectDrill(system.db, monitor.workspaceId)
  const steps = findingSteps(evaluation, standing, drill)
  for (const step of steps.filter((each) => each.kind !== 'update')) await tell(system, monitor, claim, step)
  const now = system.clock.now()
  const untilMs = windowAtMs + monitor.windowSeconds * 1000
  await housekeep(system, 'observation', async (tx) => {
    const advanced = await advanceMonitor(tx, claim, {
      windowAt: new Date(windowAtMs),
      until: new Date(untilMs),
      result: evaluation,
      policyDigest: monitor.policyDigest,
      now,
    })
    if (!advanced) throw lostClaim()
    for (const step of steps) if (step.kind === 'update') await updateFinding(tx, step.id, step.update)
  })
  system.notify(['changes'])
}

async function tell(
  system: System,
  monitor: MonitorRow,
  claim: Claim,
  step: Exclude<FindingStep, { kind: 'update' }>,
): Promise<void> {
  const ctx = workerCtx(system, monitor.workspaceId)
  const now = system.clock.now()
  const id = step.kind === 'open' ? newId('finding', now) : step.id
  await mutate(ctx, { action: 'drift:evaluate', load: (tx) => loadClaimed(tx, claim) }, async (tx) => {
    if (step.kind === 'resolve') await markResolved(tx, id, step.because, now)
    else if (step.kind === 'escalate') await updateFinding(tx, id, step.update)
    else
      await insertFinding(tx, {
        ...step.update,
        id,
        workspaceId: monitor.workspaceId,
        monitorId: monitor.id,
        endpointId: monitor.endpointId,
        feature: step.feature,
        since: step.since,
        drill: step.drill,
        now,
      })
    const { id: monitorId, name: monitorName, endpointId, endpointName } = monitor
    return {
      value: { findingId: id },
      audit: {
        resource: { kind: 'finding', id, name: `${endpointName}/${step.feature}` },
        outcome: 'found',
        ...(step.kind === 'open' ? {} : { before: step.before }),
        after: { ...step.after, monitorId, monitorName, endpointId, endpointName },
        because: step.because,
        policies: [monitor.policyDigest],
        drill: step.drill ?? undefined,
      },
      wake: ['incidents', 'rollouts'],
    }
  })
}

async function loadClaimed(tx: Tx, claim: Claim) {
  const row = await lockMonitor(tx, claim.id)
  if (!row) return undefined
  if (row.fence !== claim.fence) throw lostClaim()
  const { id, workspaceId, environment, labels } = row
  return { subject: row, resource: { kind: 'monitor', id, workspaceId, environment, labels }, name: row.name }
}

function lostClaim() {
  return problem('conflict', 'Another worker has taken over this monitor.')
}
