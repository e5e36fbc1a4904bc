import { randomUUID } from 'node:crypto'
import type { Clock } from '#lib/platform/clock.ts'
import type { Log } from '#lib/platform/log.ts'
import type { ServerObservation } from '#lib/platform/ports/cluster.ts'
import type { BreakerRule } from './breaker.ts'
import { openCell, persist, serveTraffic, withTraffic, type Cell } from './cell.ts'
import { decideTraffic, type TrafficDecision } from './decide-traffic.ts'
import { specVersion, type Fleet } from './fleet.ts'
import type { Live } from './live.ts'
import { fencesMax, type EndpointState, type Traffic } from './state.ts'
import type { StateFiles } from './state-file.ts'
import { openBreaker } from './trip.ts'
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

type InTurn = ReturnType<typeof turns>['inTurn']

/** One endpoint: its state, the order of its writes, and its breaker. */
export function openEndpoint(o: EndpointOptions, initial: EndpointState): Endpoint {
  const { endpointId } = initial
  const cell = openCell(o.rule, initial)
  const { inTurn, settled } = turns()
  const trip = openBreaker(o, cell)
  return {
    live: () => cell.live,
    settled: async () => {
      await settled()
      await cell.lastSave
    },
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
  // If the breaker trips before this is written, the trip holds, and the writer must look again.
  const next = (state: EndpointState) => (state.traffic === before.traffic ? withTraffic(state, decision.next) : null)
  const written = await persist(o, cell, next, () => {
    cell.state = withTraffic(cell.state, { ...decision.next, ackedAt: o.clock.now().getTime() })
    serveTraffic(o, cell)
  })
  return written ? { kind: 'applied', current: decision.next } : { kind: 'conflict' }
}

async function removeTraffic(o: EndpointOptions, cell: Cell, fence: number): Promise<ServerAnswer> {
  const held = cell.state.traffic ?? cell.state.removed
  if (held && fence < held.fence) return { kind: 'stale-fence', fence: held.fence }
  const next = (state: EndpointState): EndpointState => {
    const generation = (state.traffic ?? state.removed)?.generation ?? 0
    return { ...state, traffic: null, removed: { fence, generation } }
  }
  await persist(o, cell, next, () => serveTraffic(o, cell))
  return { kind: 'removed' }
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
        await persist(o, cell, (state) => ({ ...state, servers, fences }))
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
        await persist(o, cell, (state) => ({ ...state, servers, fences }))
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
