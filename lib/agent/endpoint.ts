import { randomUUID } from 'node:crypto'
import type { Clock } from '#lib/platform/clock.ts'
import type { Log } from '#lib/platform/log.ts'
import type { ServerObservation } from '#lib/platform/ports/cluster.ts'
import type { BreakerRule } from './breaker.ts'
import { decideTraffic, tripped, type TrafficDecision } from './decide-traffic.ts'
import { specVersion, type Fleet } from './fleet.ts'
import { startLive, type Live } from './live.ts'
import { fencesMax, type EndpointState, type Traffic } from './state.ts'
import type { StateFiles } from './state-file.ts'
import type { ServerBody, TrafficBody } from './wire.ts'

export type Draining = { generation: number; versionId: string; inFlight: number }
export type EndpointView = {
  endpointId: string
  traffic: Traffic | null
  servers: ServerObservation[]
  /** Requests that were admitted under an earlier generation and have not ended yet. */
  draining: Draining[]
}

export type TrafficAnswer =
  | Exclude<TrafficDecision, { kind: 'swap' | 'unchanged' }>
  | { kind: 'applied'; current: Traffic }
export type ServerAnswer =
  | { kind: 'applied'; resourceVersion: string }
  | { kind: 'removed' }
  | { kind: 'stale-fence'; fence: number }
  | { kind: 'refused'; because: string }

export type EndpointOptions = {
  clock: Clock
  log: Log
  rule: BreakerRule
  fleet: Fleet
  /** How long a server that is taken away may finish what was admitted. */
  drainMs: number
  files: StateFiles
  onChange(): void
  onTrip(endpointId: string): void
}

export type Endpoint = {
  live(): Live | null
  view(): EndpointView
  writeTraffic(body: TrafficBody): Promise<TrafficAnswer>
  /** Ends the traffic for good; its fence stays. Repeatable. */
  removeTraffic(fence: number): Promise<ServerAnswer>
  putServer(versionId: string, body: ServerBody): Promise<ServerAnswer>
  removeServer(versionId: string, fence: number): Promise<ServerAnswer>
  /** Starts the declared servers; for the start of the agent. */
  restore(): Promise<void>
  /** The outcome of a request admitted under `live`. */
  record(live: Live, versionId: string, failed: boolean): void
  /** A server's state changed: a crash of a weighted version trips the breaker. */
  serverChanged(): void
  /** Resolves when all writes asked for so far are on disk. */
  settled(): Promise<void>
}

export function newState(endpointId: string): EndpointState {
  return { format: 1, endpointId, uid: randomUUID(), traffic: null, servers: {}, fences: {} }
}

const waitingMax = 100

/** What an endpoint holds. Changed only in its turns, and by the breaker. */
type Cell = { state: EndpointState; live: Live | null; drained: Live[] }
type InTurn = ReturnType<typeof turns>['inTurn']

/** One endpoint: its state, the order of its writes, and its breaker. */
export function openEndpoint(o: EndpointOptions, initial: EndpointState): Endpoint {
  const { endpointId } = initial
  const live = initial.traffic ? startLive(endpointId, initial.traffic, o.rule) : null
  const cell: Cell = { state: initial, live, drained: [] }
  const { inTurn, settled } = turns()
  const trip = (versionId: string, because: string) => {
    if (!swapToStable(o, cell, versionId, because)) return
    o.onTrip(endpointId)
    inTurn(() => o.files.save(cell.state)).catch((error: unknown) => {
      o.log.error({ endpointId, err: error }, 'the trip could not be saved; it holds in memory')
    })
  }
  return {
    live: () => cell.live,
    settled,
    view: () => ({
      endpointId,
      traffic: cell.state.traffic,
      servers: Object.keys(cell.state.servers).flatMap((id) => o.fleet.observe(endpointId, id) ?? []),
      draining: drainingOf(cell.drained),
    }),
    writeTraffic: (body) => inTurn(() => writeTraffic(o, cell, body)),
    removeTraffic: (fence) => inTurn(() => removeTraffic(o, cell, fence)),
    ...serverWrites(o, cell, inTurn),
    record: (from, versionId, failed) => {
      const because = from.record(versionId, failed)
      if (because !== null && from === cell.live) trip(versionId, because)
    },
    serverChanged: () => {
      for (const w of cell.state.traffic?.weights ?? []) {
        const crashed = o.fleet.observe(endpointId, w.versionId)?.state === 'crashed'
        if (w.percent > 0 && crashed) trip(w.versionId, 'its server crashed')
      }
      o.onChange()
    },
  }
}

async function writeTraffic(o: EndpointOptions, cell: Cell, body: TrafficBody): Promise<TrafficAnswer> {
  const before = cell.state
  const decision = decideTraffic(before, body, o.clock.now().getTime())
  if (decision.kind === 'unchanged') return { kind: 'applied', current: decision.current }
  if (decision.kind !== 'swap') return decision
  await o.files.save({ ...before, traffic: decision.next })
  if (cell.state.traffic !== before.traffic) {
    // The breaker tripped while the disk was written: the trip holds, and the writer must look again.
    await o.files.save(cell.state)
    return { kind: 'conflict' }
  }
  swap(o, cell, { ...decision.next, ackedAt: o.clock.now().getTime() })
  return { kind: 'applied', current: decision.next }
}

async function removeTraffic(o: EndpointOptions, cell: Cell, fence: number): Promise<ServerAnswer> {
  const held = cell.state.traffic ?? cell.state.removed
  if (held && fence < held.fence) return { kind: 'stale-fence', fence: held.fence }
  const removed = { fence, generation: held?.generation ?? 0 }
  await o.files.save({ ...cell.state, traffic: null, removed })
  cell.drained = [...cell.drained, ...(cell.live ? [cell.live] : [])].filter((l) => l.inFlight().length > 0)
  cell.state = { ...cell.state, traffic: null, removed }
  cell.live = null
  o.onChange()
  return { kind: 'removed' }
}

/** Synchronous: a request chooses its version before the swap or after it, never in between. */
function swap(o: EndpointOptions, cell: Cell, traffic: Traffic): void {
  cell.drained = [...cell.drained, ...(cell.live ? [cell.live] : [])].filter((l) => l.inFlight().length > 0)
  cell.state = { ...cell.state, traffic }
  cell.live = startLive(cell.state.endpointId, traffic, o.rule)
  o.onChange()
}

/** The breaker's act. False when it must not act: no stable version, latched already, or nothing would be won. */
function swapToStable(o: EndpointOptions, cell: Cell, versionId: string, because: string): boolean {
  const { endpointId, traffic: current } = cell.state
  if (!current?.stableVersionId || current.breaker !== null || versionId === current.stableVersionId) return false
  if (!current.weights.some((w) => w.versionId === versionId && w.percent > 0)) return false
  // Going to a stable version that cannot serve would exchange a failing side for a dead one.
  if (o.fleet.target(endpointId, current.stableVersionId).kind !== 'ready') return false
  // Safety first: the swap comes before the disk. Should the agent die in between, the windows fill again.
  swap(o, cell, tripped(cell.state, current, { trippedAt: o.clock.now().getTime(), versionId, because }))
  o.log.error({ endpointId, versionId, because }, 'breaker tripped: all traffic goes to the stable version')
  return true
}

function serverWrites(
  o: EndpointOptions,
  cell: Cell,
  inTurn: InTurn,
): Pick<Endpoint, 'putServer' | 'removeServer' | 'restore'> {
  const { endpointId } = cell.state
  return {
    putServer: (versionId, body) =>
      inTurn(async (): Promise<ServerAnswer> => {
        const refusal = fenceRefusal(cell.state, versionId, body.fence)
        if (refusal) return refusal
        const fences = { ...cell.state.fences, [versionId]: body.fence }
        const servers = { ...cell.state.servers, [versionId]: body }
        await o.files.save({ ...cell.state, servers, fences })
        cell.state = { ...cell.state, servers, fences }
        await o.fleet.put(endpointId, versionId, body)
        o.onChange()
        return { kind: 'applied', resourceVersion: specVersion(body) }
      }),
    removeServer: (versionId, fence) =>
      inTurn(async (): Promise<ServerAnswer> => {
        const refusal = fenceRefusal(cell.state, versionId, fence) ?? weightRefusal(cell.state, versionId)
        if (refusal) return refusal
        const { [versionId]: _, ...servers } = cell.state.servers
        const fences = { ...cell.state.fences, [versionId]: fence }
        await o.files.save({ ...cell.state, servers, fences })
        cell.state = { ...cell.state, servers, fences }
        await drainedWithin(o, cell, versionId)
        await o.fleet.remove(endpointId, versionId)
        o.onChange()
        return { kind: 'removed' }
      }),
    restore: async () => {
      for (const [id, spec] of Object.entries(cell.state.servers)) await o.fleet.put(endpointId, id, spec)
    },
  }
}

/** A queue of one: the writes of an endpoint happen one after the other, at most `waitingMax` wait. */
function turns() {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const inTurn = async <T>(act: () => Promise<T>): Promise<T | { kind: 'refused'; because: string }> => {
    if (waiting >= waitingMax) return { kind: 'refused', because: `${waitingMax} writes are waiting; try again later` }
    waiting += 1
    const mine = last.then(act)
    last = mine.catch(() => null)
    try {
      return await mine
    } finally {
      waiting -= 1
    }
  }
  const settled = async () => {
    await last
  }
  return { inTurn, settled }
}

async function drainedWithin(o: EndpointOptions, cell: Cell, versionId: string): Promise<void> {
  const inFlight = () => [cell.live, ...cell.drained].reduce((sum, l) => sum + (l?.inFlightOf(versionId) ?? 0), 0)
  const endMs = o.clock.monotonicMs() + o.drainMs
  while (inFlight() > 0 && o.clock.monotonicMs() < endMs) await o.clock.sleep(20)
}

function drainingOf(drained: Live[]): Draining[] {
  return drained.flatMap((l) => l.inFlight().map((n) => ({ generation: l.route.traffic.generation, ...n })))
}

function fenceRefusal(state: EndpointState, versionId: string, fence: number): ServerAnswer | null {
  const highest = state.fences[versionId]
  if (highest !== undefined && fence < highest) return { kind: 'stale-fence', fence: highest }
  if (highest === undefined && Object.keys(state.fences).length >= fencesMax) {
    return { kind: 'refused', because: `this endpoint has had ${fencesMax} versions; begin a new endpoint` }
  }
  return null
}

function weightRefusal(state: EndpointState, versionId: string): ServerAnswer | null {
  const percent = state.traffic?.weights.find((w) => w.versionId === versionId)?.percent ?? 0
  if (percent > 0) {
    return {
      kind: 'refused',
      because: `version ${versionId} has ${percent} % of the traffic; take its weight away first`,
    }
  }
  if (state.traffic?.stableVersionId === versionId) {
    return {
      kind: 'refused',
      because: `version ${versionId} is the stable one that the breaker goes to; name another first`,
    }
  }
  return null
}
