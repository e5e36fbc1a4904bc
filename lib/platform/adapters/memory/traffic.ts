import type { ObservedTraffic, TrafficChange, TrafficPort, TrafficReading, WriteResult } from '../../ports/traffic.ts'
import { invalidWeights } from '../../ports/weights.ts'

/** The state of a data plane that exists only in memory; several ports may share one. */
export type MemoryPlane = {
  up: boolean
  endpoints: Map<string, { change: TrafficChange; observed: ObservedTraffic; admitted: number }>
  /** Of endpoints whose traffic was removed: what outlives it. */
  removed: Map<string, { fence: number; generation: number }>
}

export function memoryPlane(): MemoryPlane {
  return { up: true, endpoints: new Map(), removed: new Map() }
}

/** A traffic port over a plane in memory, for tests. `nowMs` is wall time, epoch ms. */
export function memoryTraffic(plane: MemoryPlane, options: { manager: string; nowMs: () => number }): TrafficPort {
  const seen = (endpointId: string): Exclude<TrafficReading, { kind: 'unreachable' }> => {
    const held = plane.endpoints.get(endpointId)
    if (!held) return { kind: 'absent' }
    const otherManager = held.change.manager === options.manager ? null : held.change.manager
    return { kind: 'observed', ...structuredClone(held.observed), otherManager }
  }
  const down = { kind: 'unreachable', because: 'the plane in memory is down' } as const
  return {
    read: async (endpointId) => (plane.up ? seen(endpointId) : down),
    write: async (change) => {
      if (!plane.up) return down
      const result = judge(plane, change)
      if (result === 'conflict') return { kind: 'conflict', observed: seen(change.endpointId) }
      return result === 'swap' ? swap(plane, change, options.nowMs()) : result
    },
    remove: async (endpointId, fence) => {
      if (!plane.up) return down
      const held = plane.endpoints.get(endpointId)?.observed ?? plane.removed.get(endpointId)
      if (held && fence < held.fence) return { kind: 'stale-fence', fence: held.fence }
      plane.removed.set(endpointId, { fence, generation: held?.generation ?? 0 })
      plane.endpoints.delete(endpointId)
      return { kind: 'removed' }
    },
  }
}

/** Serves one request: the version furthest behind its share. */
export function admitInMemory(plane: MemoryPlane, endpointId: string): string {
  const held = plane.endpoints.get(endpointId)
  if (!plane.up || !held) throw new Error(`no traffic for ${endpointId}`)
  const at = held.admitted++ % 100
  let end = 0
  for (const w of held.observed.weights) {
    end += w.percent
    if (at < end) return w.versionId
  }
  throw new RangeError('the weights do not sum to 100')
}

/** The data plane's own act, as the local agent's breaker does it: everything to stable, latched. */
export function tripInMemory(plane: MemoryPlane, endpointId: string, versionId: string, nowMs: number): void {
  const held = plane.endpoints.get(endpointId)
  const stable = held?.change.stableVersionId
  if (!held || stable === undefined) throw new Error(`${endpointId} names no stable version`)
  const generation = held.observed.generation + 1
  held.observed = {
    ...held.observed,
    generation,
    resourceVersion: `m${generation}`,
    weights: held.observed.weights.map((w) => ({ ...w, percent: w.versionId === stable ? 100 : 0 })),
    breaker: { tripId: `trip-${generation}`, trippedAt: nowMs, versionId, because: 'tripped by the test' },
    ackedAt: nowMs,
  }
}

function judge(plane: MemoryPlane, change: TrafficChange): 'swap' | 'conflict' | WriteResult {
  const held = plane.endpoints.get(change.endpointId)
  const invalid = invalidWeights(change.weights)
  if (invalid !== null) return { kind: 'refused', because: invalid }
  const fence = held?.observed.fence ?? plane.removed.get(change.endpointId)?.fence ?? 0
  if (change.fence < fence) return { kind: 'stale-fence', fence }
  if (held && sameWish(held.change, held.observed, change)) {
    const { generation, resourceVersion } = held.observed
    return { kind: 'applied', generation, resourceVersion }
  }
  if ((held?.observed.resourceVersion ?? null) !== change.expectResourceVersion) return 'conflict'
  const because = breakerRefusal(held?.observed ?? null, change)
  return because === null ? 'swap' : { kind: 'refused', because }
}

function swap(plane: MemoryPlane, change: TrafficChange, nowMs: number): WriteResult {
  const before = plane.endpoints.get(change.endpointId)?.observed
  const generation = ((before ?? plane.removed.get(change.endpointId))?.generation ?? 0) + 1
  const resourceVersion = `m${generation}`
  const observed: ObservedTraffic = {
    generation,
    resourceVersion,
    fence: change.fence,
    weights: structuredClone(change.weights),
    breaker: change.clearBreaker === undefined ? (before?.breaker ?? null) : null,
    ackedAt: nowMs,
    otherManager: null,
  }
  plane.endpoints.set(change.endpointId, { change: structuredClone(change), observed, admitted: 0 })
  return { kind: 'applied', generation, resourceVersion }
}

function sameWish(held: TrafficChange, observed: ObservedTraffic, change: TrafficChange): boolean {
  const wish = (c: TrafficChange, weights = c.weights) =>
    JSON.stringify([weights, c.fence, c.sticky, c.audience, c.stableVersionId, c.manager])
  return (change.clearBreaker === undefined || !observed.breaker) && wish(held, observed.weights) === wish(change)
}

function breakerRefusal(observed: ObservedTraffic | null, change: TrafficChange): string | null {
  const trip = observed?.breaker ?? null
  if (change.clearBreaker !== undefined) {
    if (trip?.tripId !== change.clearBreaker) return 'there is no such trip to clear'
    return observed && change.fence <= observed.fence ? 'clearing a trip needs a higher fence' : null
  }
  const raised = trip && change.weights.some((w) => w.versionId === trip.versionId && w.percent > 0)
  return raised ? `the breaker took ${trip.versionId} out: ${trip.because}` : null
}
