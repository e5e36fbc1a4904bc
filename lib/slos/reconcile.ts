import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import { claimDue, releaseClaim, type Claim } from '#lib/platform/claim.ts'
import type { System } from '#lib/platform/context.ts'
import { currentDrill } from '#lib/platform/drill.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { decideSlo, type SloDecision } from './decide.ts'
import type { SloStatus } from './model.ts'
import { sliceSeconds } from './policy.ts'
import { lockSlo, selectSlo, sumPieces, updateStatus, type SloRow } from './queries.ts'

const leaseSeconds = 60
const claimsMax = 20
const backoffSecondsMax = 300

/** One turn: evaluates due objectives. A change of state is a governed finding; every status is kept. */
export async function reconcileSlos(system: System, holder: string): Promise<number> {
  const now = system.clock.now()
  const claims = await housekeep(system, 'lease', (tx) =>
    claimDue(tx, 'slo', { now, holder, leaseSeconds, limit: claimsMax }),
  )
  for (const claim of claims) await reconcileOne(system, claim)
  return claims.length
}

async function reconcileOne(system: System, claim: Claim): Promise<void> {
  let pauseSeconds = Math.min(backoffSecondsMax, 2 ** Math.min(claim.attempts, 10))
  let outcome: 'done' | 'failed' = 'failed'
  try {
    const row = await selectSlo(system.db, claim.id)
    if (!row) return
    await evaluate(system, row, claim)
    pauseSeconds = row.policy.evaluateEvery
    outcome = 'done'
  } catch (error) {
    system.log.error({ err: error, sloId: claim.id }, 'an objective could not be evaluated; it will be tried again')
  } finally {
    const due = new Date(system.clock.now().getTime() + pauseSeconds * 1000)
    await housekeep(system, 'lease', (tx) => releaseClaim(tx, 'slo', claim, due, outcome))
  }
}

async function evaluate(system: System, row: SloRow, claim: Claim): Promise<void> {
  const at = system.clock.now()
  const to = endOfSlices(at)
  const decision = decideSlo({
    target: row.target,
    windowSeconds: row.windowSeconds,
    alerts: row.policy.alerts,
    minimumEvents: row.policy.minimumEvents,
    windows: await observe(system, row, to),
  })
  const status: SloStatus = { ...decision, evaluatedTo: to.toISOString() }
  if (decision.state !== row.state || decision.severity !== (row.status?.severity ?? null)) {
    await recordChange(system, row, claim, { status, at })
    return
  }
  await housekeep(system, 'observation', (tx) => updateStatus(tx, claim, { status, at }))
}

/** The end of the last slice that has ended: the windows end there, so that no half slice is judged. */
function endOfSlices(now: Date): Date {
  const sliceMs = sliceSeconds * 1000
  return new Date(Math.floor(now.getTime() / sliceMs) * sliceMs)
}

// The windows all end now, so each is a sum of the pieces between one beginning and the next.
async function observe(system: System, row: SloRow, to: Date) {
  const { alerts } = row.policy
  const lengths = [...new Set([row.windowSeconds, ...alerts.flatMap((a) => [a.long, a.short])])].sort((a, b) => b - a)
  const borders = [...lengths.map((seconds) => new Date(to.getTime() - seconds * 1000)), to]
  const pieces = await sumPieces(system.db, row, borders)
  return lengths.map((seconds, i) => ({
    seconds,
    good: pieces.slice(i).reduce((sum, p) => sum + p.good, 0),
    total: pieces.slice(i).reduce((sum, p) => sum + p.total, 0),
  }))
}

async function recordChange(
  system: System,
  row: SloRow,
  claim: Claim,
  found: { status: SloStatus; at: Date },
): Promise<void> {
  const { status, at } = found
  await mutate(
    workerCtx(system, row.workspaceId),
    {
      action: 'slo:evaluate',
      load: async (tx) => {
        const subject = await lockSlo(tx, row.id)
        return subject && { subject, resource: sloResource(subject), name: `${subject.endpointName} ${subject.name}` }
      },
    },
    async (tx, slo) => {
      if (!(await updateStatus(tx, claim, { status, at, state: status.state })))
        throw new Error(`the claim on objective ${row.id} was lost`)
      const drill = await currentDrill(tx, slo.workspaceId)
      return {
        value: undefined,
        audit: {
          outcome: 'found' as const,
          before: { state: slo.state, severity: slo.status?.severity ?? null },
          after: { endpointId: slo.endpointId, endpoint: slo.endpointName, slo: slo.name, ...summarise(status) },
          because: status.because,
          policies: [slo.policyDigest],
          drill: drill?.label,
        },
        wake: ['incidents', 'rollouts'],
      }
    },
  )
}

function summarise({ state, severity, budget, windows }: SloDecision) {
  return {
    state,
    severity,
    budgetLeft: budget?.left ?? null,
    burnRates: windows.map(({ seconds, good, total, burnRate }) => ({ seconds, good, total, burnRate })),
  }
}

function sloResource(slo: SloRow) {
  const { id, workspaceId, environment, labels } = slo
  return { kind: 'slo', id, workspaceId, environment, labels }
}
