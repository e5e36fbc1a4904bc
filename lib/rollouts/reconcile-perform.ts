import { findEndpoint } from '#lib/endpoints/reads.ts'
import { sameWeights, trafficChange } from '#lib/endpoints/server-spec.ts'
import type { TrafficReading, Weight } from '#lib/platform/ports/traffic.ts'
import { splitOf } from './model.ts'
import type { Plan, PlanAction } from './plan.ts'
import { applyServer } from './reconcile-apply.ts'
import { serverOf } from './reconcile-observe.ts'
import { requireClaim, type Turn } from './reconcile-turn.ts'

/** What came of a step. `again`: what was done before does not read back. `hold`: a person has to look. */
export type Performed =
  | { kind: 'done'; outcome: string; generation?: number }
  | { kind: 'again'; because: string }
  | { kind: 'wait'; because: string; pauseMs: number }
  | { kind: 'blocked'; because: string; isUnreachable: boolean }
  | { kind: 'hold'; because: string }

const lookAgainMs = 250
const lookForScaleDownMs = 2_000

/** Carries one step out, or finds it done. Idempotent; every outside write carries the claim's fencing number. */
export function perform(turn: Turn, plan: Plan, action: PlanAction): Promise<Performed> {
  switch (action.kind) {
    case 'preflight':
      return preflight(turn, action)
    case 'scale-up':
      return scaleUp(turn, action)
    case 'set-weights':
      return setWeights(turn, plan, action)
    case 'read-weights':
      return readWeights(turn, plan, action)
    case 'set-alias':
      return setAlias(turn, plan, action)
    case 'read-alias':
      return readAlias(turn, action)
    case 'scale-down':
      return scaleDown(turn, plan, action)
    default:
      action satisfies never
      throw new TypeError('unknown step of a plan')
  }
}

type Of<K extends PlanAction['kind']> = Extract<PlanAction, { kind: K }>

const blocked = (because: string): Performed => ({ kind: 'blocked', because, isUnreachable: false })
const unanswered = (because: string): Performed => ({ kind: 'blocked', because, isUnreachable: true })
const soon = (because: string): Performed => ({ kind: 'wait', because, pauseMs: lookAgainMs })

async function preflight(turn: Turn, { version }: Of<'preflight'>): Promise<Performed> {
  const { system, row } = turn
  const cluster = await system.ports.cluster(row.cluster).observe(row.endpointId)
  if (cluster.kind === 'unreachable') return unanswered(`the cluster does not answer: ${cluster.because}`)
  const server = serverOf(cluster, version.versionId)
  if (!server || server.state === 'stopped') return declare(turn, version.versionId, 'it is not running')
  if (server.artifactDigest !== null && server.artifactDigest !== version.digest) {
    return declare(turn, version.versionId, `it runs another artefact: ${server.artifactDigest}`)
  }
  if (server.state !== 'ready') return soon(`the server of ${version.versionId} is ${server.state}`)
  return { kind: 'done', outcome: `The server of ${version.versionId} is ready, with the digest of the plan.` }
}

async function scaleUp(turn: Turn, { versionId }: Of<'scale-up'>): Promise<Performed> {
  const performed = await declare(turn, versionId, 'it is scaled up')
  return performed.kind === 'wait' ? { kind: 'done', outcome: `The server of ${versionId} was declared.` } : performed
}

async function declare(turn: Turn, versionId: string, because: string): Promise<Performed> {
  const { row } = turn
  await requireClaim(turn)
  const result = await applyServer(turn, versionId === row.to.versionId ? row.to : row.from)
  if (result.kind === 'applied') return soon(`the server of ${versionId} was declared: ${because}`)
  if (result.kind === 'unreachable') return unanswered(`the cluster does not answer: ${result.because}`)
  return blocked(`the server of ${versionId} was not declared: ${JSON.stringify(result)}`)
}

// Always written, also when the weights are found as they should be: with them goes where the breaker falls back to, which
// no reading tells, and a latched trip is cleared: by a rollback any, by a promotion only the one that a person let go.
async function setWeights(turn: Turn, plan: Plan, action: Of<'set-weights'>): Promise<Performed> {
  const { system, row, trafficFence } = turn
  const port = system.ports.traffic(row.cluster)
  const reading = await port.read(row.endpointId)
  if (reading.kind === 'unreachable') return unanswered(`the data plane does not answer: ${reading.because}`)
  const found = reading.kind === 'observed' ? reading.weights : []
  const isExpected = sameWeights(found, action.expected) || sameWeights(found, action.weights)
  // A promotion does not go on over somebody else's change. A rollback does: it moves to what is known to be safe.
  if (!isExpected && plan.kind === 'promotion' && row.request === null && !isOwn(turn, reading)) {
    return { kind: 'hold', because: `somebody else changed the traffic during the promotion: ${describe(found)}` }
  }
  const trip = reading.kind === 'observed' ? reading.breaker : null
  if (trip !== null && plan.kind === 'promotion' && trip.tripId !== row.request?.acknowledgedTripId) {
    return {
      kind: 'hold',
      because: `the data plane's breaker took the candidate out (${trip.tripId}): ${trip.because}`,
    }
  }
  await requireClaim(turn)
  const result = await port.write(
    trafficChange(row.endpointId, action.weights, {
      stableVersionId: plan.to.versionId,
      expectResourceVersion: reading.kind === 'observed' ? reading.resourceVersion : null,
      fence: trafficFence,
      clearBreaker: trip?.tripId,
    }),
  )
  switch (result.kind) {
    case 'applied': {
      const note = isExpected ? '' : `, over what was found: ${describe(found)}`
      return { kind: 'done', outcome: `Applied ${describe(action.weights)}${note}.`, generation: result.generation }
    }
    case 'conflict':
    case 'stale-fence':
      return soon(`the write of the weights met another one (${result.kind})`)
    case 'unreachable':
      return unanswered(`the data plane does not answer: ${result.because}`)
    case 'refused':
      return blocked(`the data plane refused the weights: ${result.because}`)
    default:
      result satisfies never
      throw new TypeError('unknown answer of the traffic port')
  }
}

// A split of ours from before: a step that was intended and not written yet when a person went on, say.
function isOwn({ row }: Turn, reading: Exclude<TrafficReading, { kind: 'unreachable' }>): boolean {
  if (reading.kind === 'absent' || reading.otherManager !== null || reading.breaker !== null) return false
  const percents = [0, ...row.chain.steps.map(({ weight }) => weight)]
  return percents.some((percent) => sameWeights(reading.weights, splitOf(row, percent)))
}

async function readWeights({ system, row }: Turn, plan: Plan, { expected }: Of<'read-weights'>): Promise<Performed> {
  const reading = await system.ports.traffic(row.cluster).read(row.endpointId)
  if (reading.kind === 'unreachable') return unanswered(`the data plane does not answer: ${reading.because}`)
  const found = reading.kind === 'observed' ? reading.weights : []
  if (reading.kind === 'observed' && sameWeights(found, expected) && reading.breaker === null) {
    return { kind: 'done', outcome: `Read back ${describe(found)}.`, generation: reading.generation }
  }
  const because = `the weights read back are ${describe(found)}, not ${describe(expected)}`
  return plan.kind === 'rollback' ? { kind: 'again', because } : { kind: 'hold', because }
}

async function setAlias(turn: Turn, plan: Plan, action: Of<'set-alias'>): Promise<Performed> {
  const { system, row } = turn
  const { model, alias, versionId } = action
  const registry = system.ports.registry(row.workspaceId)
  const before = await registry.readAlias(model, alias)
  if (before.kind === 'unreachable') return unanswered(`the registry does not answer: ${before.because}`)
  if (before.kind === 'absent') return blocked(`the registry has no ${model}: ${before.because}`)
  if (before.version === versionId) {
    return { kind: 'done', outcome: `The alias ${alias} names ${versionId} already.` }
  }
  const known = [null, plan.from.versionId, plan.to.versionId, action.expectedVersionId]
  if (!known.includes(before.version)) {
    return blocked(
      `the alias ${alias} was moved by somebody else to ${before.version ?? 'nothing'}; move it back to go on`,
    )
  }
  await requireClaim(turn)
  const result = await registry.writeAlias(model, alias, versionId, { expected: before.version })
  if (result.kind === 'unreachable') return unanswered(`the registry does not answer: ${result.because}`)
  if (result.kind === 'conflict' || result.kind === 'overwritten')
    return soon(`another writer moved the alias ${alias}`)
  if (result.kind !== 'written') return blocked(`the registry did not move the alias ${alias}: ${result.because}`)
  return { kind: 'done', outcome: `The alias ${alias} was moved from ${result.before ?? 'nothing'} to ${versionId}.` }
}

async function readAlias({ system, row }: Turn, action: Of<'read-alias'>): Promise<Performed> {
  const { model, alias, expectedVersionId } = action
  const reading = await system.ports.registry(row.workspaceId).readAlias(model, alias)
  if (reading.kind === 'unreachable') return unanswered(`the registry does not answer: ${reading.because}`)
  if (reading.kind === 'observed' && reading.version === expectedVersionId) {
    return { kind: 'done', outcome: `The alias ${alias} reads back as ${expectedVersionId}.` }
  }
  return {
    kind: 'again',
    because: `the alias ${alias} reads back as ${reading.kind === 'observed' ? reading.version : reading.because}`,
  }
}

async function scaleDown(turn: Turn, plan: Plan, { versionId, afterSeconds }: Of<'scale-down'>): Promise<Performed> {
  const { system, row, trafficFence, now } = turn
  const chain = plan.kind === 'rollback' ? row.chain.rollback : row.chain.promotion
  const dueMs = Date.parse(chain?.trafficVerifiedAt ?? now.toISOString()) + afterSeconds * 1000
  if (now.getTime() < dueMs) {
    const pauseMs = Math.min(lookForScaleDownMs, dueMs - now.getTime())
    return { kind: 'wait', because: `the server of ${versionId} is kept for requests in flight`, pauseMs }
  }
  const endpoint = await findEndpoint(system.db, row.endpointId)
  if (endpoint?.stableVersionId === versionId || endpoint?.candidateVersionId === versionId) {
    return { kind: 'done', outcome: `The server of ${versionId} is in use again and was left.` }
  }
  await requireClaim(turn)
  const result = await system.ports.cluster(row.cluster).remove(row.endpointId, versionId, trafficFence)
  if (result.kind === 'removed') return { kind: 'done', outcome: `The server of ${versionId} was taken away.` }
  if (result.kind === 'unreachable') return unanswered(`the cluster does not answer: ${result.because}`)
  return blocked(`the server of ${versionId} was not taken away: ${JSON.stringify(result)}`)
}

function describe(weights: readonly Weight[]): string {
  return weights.length === 0 ? 'no traffic' : weights.map((w) => `${w.versionId} ${w.percent} %`).join(', ')
}
