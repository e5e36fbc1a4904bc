import { findModel, findServing, findVersion } from '#lib/models/reads.ts'
import { servingAlias } from '#lib/models/model.ts'
import { serveVersion } from '#lib/models/serve-version.ts'
import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import { claimDue, releaseClaim, type Claim } from '#lib/platform/claim.ts'
import type { System } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { decideEndpoint, type EndpointAction, type EndpointDecision, type EndpointObservation } from './decide.ts'
import { loadEndpoint } from './deploy-version.ts'
import type { Observed } from './model.ts'
import {
  hasActiveRollout,
  nextTrafficFence,
  selectEndpoint,
  updateObserved,
  updateState,
  type EndpointRow,
} from './queries.ts'
import { sameWeights, serverSpec, trafficChange } from './server-spec.ts'

const leaseSeconds = 30
const claimsMax = 10
const settledPauseMs = 5_000
const actedPauseMs = 0
const waitingPauseMs = 250
const backoffMsMax = 30_000

type Work = Claim & { fenceOutside: number }

/** One turn: makes the data planes of due endpoints match what is intended, one act each, and reads them back. */
export async function reconcileEndpoints(system: System, holder: string): Promise<number> {
  const now = system.clock.now()
  const claims = await housekeep(system, 'lease', async (tx) => {
    const due = await claimDue(tx, 'endpoint', { now, holder, leaseSeconds, limit: claimsMax })
    const work: Work[] = []
    for (const claim of due) work.push({ ...claim, fenceOutside: await nextTrafficFence(tx, claim.id) })
    return work
  })
  let acted = 0
  for (const claim of claims) {
    if (await reconcileOne(system, claim)) acted += 1
  }
  // A full claim says that there may be more that is due: the driver comes back at once.
  return claims.length === claimsMax ? claims.length : acted
}

async function reconcileOne(system: System, claim: Work): Promise<boolean> {
  let pauseMs = Math.min(backoffMsMax, 500 * 2 ** Math.min(claim.attempts, 10))
  let outcome: 'done' | 'failed' = 'failed'
  let acted = false
  try {
    const row = await selectEndpoint(system.db, claim.id)
    if (!row) return false
    const { observation, observed } = await observe(system, row)
    const decision = decideEndpoint(observation)
    const { action } = decision
    const putBack = action.kind === 'write-weights' ? action.putBack : null
    const isRepeated = putBack !== null && isSameAgain(row, claim, observed)
    // An outside edit is told before it is put back, so that it is on record even if we die in between; and once.
    if (putBack !== null && !isRepeated) await recordPutBack(system, row, putBack)
    await record(system, row, claim, observed, decision)
    await actOn(system, row, claim, action)
    acted = action.kind !== 'none' && !isRepeated
    // Until a put-back reads back, it counts as an attempt: one that is undone at once is tried ever more slowly.
    outcome = putBack === null ? 'done' : 'failed'
    if (!isRepeated) pauseMs = acted ? actedPauseMs : decision.settled ? settledPauseMs : waitingPauseMs
  } catch (error) {
    system.log.error(
      { err: error, endpointId: claim.id },
      'an endpoint could not be reconciled; it will be tried again',
    )
  } finally {
    const due = new Date(system.clock.now().getTime() + pauseMs)
    await housekeep(system, 'lease', (tx) => releaseClaim(tx, 'endpoint', claim, due, outcome))
  }
  return acted
}

// The turn before put the same back, and it is there again.
function isSameAgain(row: EndpointRow, claim: Claim, { traffic }: Observed): boolean {
  const before = row.observed?.traffic
  if (claim.attempts < 2 || row.state !== 'degraded' || !before || traffic === null) return false
  const isSameManager = before.otherManager === traffic.otherManager
  const isSameTrip = before.breaker?.because === traffic.breaker?.because
  return isSameManager && isSameTrip && sameWeights(before.weights, traffic.weights)
}

async function observe(
  system: System,
  row: EndpointRow,
): Promise<{ observation: EndpointObservation; observed: Observed }> {
  const [cluster, traffic] = await Promise.all([
    system.ports.cluster(row.cluster).observe(row.id),
    system.ports.traffic(row.cluster).read(row.id),
  ])
  const rolloutActive = await hasActiveRollout(system.db, row.id)
  const serving = await findServing(system.db, { workspaceId: row.workspaceId, endpointId: row.id, nowOnly: true })
  const missing = [cluster, traffic].flatMap((r) => (r.kind === 'unreachable' ? [r.because] : []))
  return {
    observation: {
      stableVersionId: row.stableVersionId,
      intended: row.intendedWeights,
      state: row.state,
      rolloutActive,
      recorded: serving.some((s) => s.versionId === row.stableVersionId),
      cluster,
      traffic,
    },
    observed: {
      servers: cluster.kind === 'observed' ? cluster.servers : [],
      traffic: traffic.kind === 'observed' ? pickTraffic(traffic) : null,
      missing: missing.length > 0 ? missing.join('; ') : null,
    },
  }
}

function pickTraffic(t: NonNullable<Observed['traffic']>): NonNullable<Observed['traffic']> {
  const { weights, generation, resourceVersion, breaker, otherManager } = t
  return { weights, generation, resourceVersion, breaker, otherManager }
}

// What was seen is housekeeping; a change of the endpoint's state is a governed fact with an entry of its own.
async function record(
  system: System,
  row: EndpointRow,
  claim: Claim,
  observed: Observed,
  decision: EndpointDecision,
): Promise<void> {
  const at = system.clock.now()
  await housekeep(system, 'observation', (tx) => updateObserved(tx, claim, observed, at))
  if (decision.state === row.state) return
  await mutate(
    workerCtx(system, row.workspaceId),
    { action: 'endpoint:observe', load: (tx) => loadEndpoint(tx, row.id) },
    async (tx, endpoint) => {
      if (!(await updateState(tx, claim, decision.state, decision.because)))
        throw new Error(`the claim on endpoint ${row.id} was lost`)
      const audit = {
        outcome: 'found' as const,
        before: { state: endpoint.state },
        after: { state: decision.state },
        because: decision.because,
      }
      return { value: undefined, audit }
    },
  )
}

async function actOn(system: System, row: EndpointRow, claim: Work, action: EndpointAction): Promise<void> {
  switch (action.kind) {
    case 'none':
      return
    case 'apply-server':
      return applyServer(system, row, claim, action.versionId)
    case 'write-weights':
      return writeWeights(system, row, claim, action)
    case 'record-serving':
      return recordServing(system, row, claim, action.versionId)
    case 'remove-traffic':
      return removeTraffic(system, row, claim)
    case 'remove-server':
      return removeServer(system, row, claim, action.versionId)
    default:
      action satisfies never
  }
}

async function applyServer(system: System, row: EndpointRow, claim: Work, versionId: string): Promise<void> {
  const version = await findVersion(system.db, versionId)
  if (!version) throw new Error(`endpoint ${row.id} names a version that is not there: ${versionId}`)
  const result = await system.ports.cluster(row.cluster).apply(serverSpec(row, version, claim.fenceOutside))
  if (result.kind !== 'applied') system.log.warn({ endpointId: row.id, versionId, result }, 'a server was not applied')
}

async function removeTraffic(system: System, row: EndpointRow, claim: Work): Promise<void> {
  const result = await system.ports.traffic(row.cluster).remove(row.id, claim.fenceOutside)
  if (result.kind !== 'removed') system.log.warn({ endpointId: row.id, result }, 'the traffic was not removed')
}

async function removeServer(system: System, row: EndpointRow, claim: Work, versionId: string): Promise<void> {
  const result = await system.ports.cluster(row.cluster).remove(row.id, versionId, claim.fenceOutside)
  if (result.kind !== 'removed') system.log.warn({ endpointId: row.id, versionId, result }, 'a server was not removed')
}

async function writeWeights(
  system: System,
  row: EndpointRow,
  claim: Work,
  action: Extract<EndpointAction, { kind: 'write-weights' }>,
): Promise<void> {
  const { weights, expectResourceVersion, clearBreaker } = action
  const options = {
    stableVersionId: row.stableVersionId ?? '',
    expectResourceVersion,
    fence: claim.fenceOutside,
    clearBreaker,
  }
  const result = await system.ports.traffic(row.cluster).write(trafficChange(row.id, weights, options))
  if (result.kind !== 'applied') system.log.warn({ endpointId: row.id, result }, 'weights were not applied')
}

async function recordPutBack(system: System, row: EndpointRow, found: string): Promise<void> {
  await mutate(
    workerCtx(system, row.workspaceId),
    { action: 'endpoint:observe', load: (tx) => loadEndpoint(tx, row.id) },
    (_tx, endpoint) =>
      Promise.resolve({
        value: undefined,
        audit: {
          outcome: 'found' as const,
          after: { found, intended: endpoint.intendedWeights },
          because: `The traffic was changed by somebody else: ${found}. It is put back.`,
        },
      }),
  )
}

// The alias first, read back by the port; then the record that it serves. A crash in between repeats the alias, harmlessly.
// A rollout may have begun since the observation, or even have ended: then what serves is for it to record. The alias is
// read before that is asked, so that one which is moved afterwards is met by the write's precondition.
async function recordServing(system: System, row: EndpointRow, claim: Work, versionId: string): Promise<void> {
  const model = await findModel(system.db, row.modelId)
  if (!model) throw new Error(`endpoint ${row.id} names a model that is not there`)
  const registry = system.ports.registry(row.workspaceId)
  const before = await registry.readAlias(model.name, servingAlias)
  if (before.kind !== 'observed') throw new Error(`the alias of ${model.name} could not be read: ${before.because}`)
  if (!(await isStillStable(system.db, await selectEndpoint(system.db, row.id), versionId))) return
  const written = await registry.writeAlias(model.name, servingAlias, versionId, { expected: before.version })
  if (written.kind !== 'written') throw new Error(`the alias of ${model.name} was not written: ${written.kind}`)
  const recorded = mutate(
    workerCtx(system, row.workspaceId),
    { action: 'endpoint:observe', load: (tx) => loadEndpoint(tx, row.id) },
    async (tx, endpoint) => {
      if (!(await isStillStable(tx, endpoint, versionId))) throw new Superseded()
      const now = system.clock.now()
      const because = 'All of the traffic goes to the stable version, as read back.'
      if (!(await updateState(tx, claim, 'serving', because)))
        throw new Error(`the claim on endpoint ${row.id} was lost`)
      await serveVersion(tx, {
        workspaceId: row.workspaceId,
        modelId: row.modelId,
        versionId,
        environmentId: row.environmentId,
        endpointId: row.id,
        now,
      })
      const after = { state: 'serving', versionId, alias: { name: servingAlias, readBack: written.readBack } }
      return { value: undefined, audit: { before: { state: endpoint.state }, after, because }, wake: ['rollouts'] }
    },
  )
  await recorded.catch((error: unknown) => {
    if (!(error instanceof Superseded)) throw error
    system.log.info({ endpointId: row.id, versionId }, 'what serves was not recorded: it changed meanwhile')
  })
}

/** What a turn saw is no longer so: it writes nothing, and the next one looks again. */
class Superseded extends Error {
  override readonly name = 'Superseded'
}

async function isStillStable(db: Reader, endpoint: EndpointRow | undefined, versionId: string): Promise<boolean> {
  return endpoint?.stableVersionId === versionId && !(await hasActiveRollout(db, endpoint.id))
}
