import type { Clock } from '#lib/platform/clock.ts'
import type { Log } from '#lib/platform/log.ts'
import { persist, serveTraffic, withTraffic, type Cell, type CellOptions } from './cell.ts'
import { tripped } from './decide-traffic.ts'
import type { Fleet } from './fleet.ts'
import type { EndpointState } from './state.ts'

export type TripOptions = CellOptions & { clock: Clock; log: Log; fleet: Fleet; onTrip(endpointId: string): void }

/**
 * The breaker of one endpoint: sends all traffic to the stable version once the trip is on disk, so that no death of the
 * agent lets the candidate back in. It waits for no write's turn but the disk's. A disk that does not take the trip does
 * not keep the traffic on a failing version: then it holds in memory, and the log says so.
 */
export function openBreaker(o: TripOptions, cell: Cell): (versionId: string, because: string) => void {
  const tripping = new Set<string>()
  return (versionId, because) => {
    if (tripping.has(versionId) || trippedState(o, cell.state, versionId, because) === null) return
    tripping.add(versionId)
    trip(o, cell, versionId, because)
      .catch((error: unknown) => o.log.error({ err: error, versionId }, 'the breaker could not act'))
      .finally(() => tripping.delete(versionId))
  }
}

async function trip(o: TripOptions, cell: Cell, versionId: string, because: string): Promise<void> {
  const { endpointId } = cell.state
  const next = (state: EndpointState) => trippedState(o, state, versionId, because)
  const told = () => {
    serveTraffic(o, cell)
    o.onTrip(endpointId)
    o.log.error({ endpointId, versionId, because }, 'breaker tripped: all traffic goes to the stable version')
  }
  try {
    await persist(o, cell, next, told)
  } catch (error) {
    o.log.error({ endpointId, err: error }, 'the trip could not be saved; it holds in memory')
    const state = next(cell.state)
    if (state === null) return
    cell.state = state
    told()
  }
}

/** Null when the breaker must not act: no stable version, latched already, or nothing would be won. */
function trippedState(o: TripOptions, state: EndpointState, versionId: string, because: string): EndpointState | null {
  const { endpointId, traffic: current } = state
  if (!current?.stableVersionId || current.breaker !== null || versionId === current.stableVersionId) return null
  if (!current.weights.some((w) => w.versionId === versionId && w.percent > 0)) return null
  // Going to a stable version that cannot serve would exchange a failing side for a dead one.
  if (o.fleet.target(endpointId, current.stableVersionId).kind !== 'ready') return null
  return withTraffic(state, tripped(state, current, { trippedAt: o.clock.now().getTime(), versionId, because }))
}
