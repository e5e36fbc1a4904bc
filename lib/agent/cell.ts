import type { EndpointState, Traffic } from './state.ts'
import type { BreakerRule } from './breaker.ts'
import { startLive, type Live } from './live.ts'
import type { StateFiles } from './state-file.ts'

/** What an endpoint holds. `state` is what is on disk (but for the time of the last acknowledgement): it changes by `persist`. */
export type Cell = { state: EndpointState; live: Live | null; drained: Live[]; lastSave: Promise<unknown> }

export type CellOptions = { rule: BreakerRule; files: StateFiles; onChange(): void }

/** The cell of a state that was read, serving as it says. */
export function openCell(rule: BreakerRule, state: EndpointState): Cell {
  const live = state.traffic ? startLive(state.endpointId, state.traffic, rule) : null
  return { state, live, drained: [], lastSave: Promise.resolve() }
}

/**
 * Writes the next state to disk, then acts on it: one at a time, each made from what the one before left, so that none is
 * overwritten by one that did not know of it. False, and nothing is written, when `change` answers null.
 */
export function persist(
  o: CellOptions,
  cell: Cell,
  change: (state: EndpointState) => EndpointState | null,
  act: () => void = () => undefined,
): Promise<boolean> {
  const mine = cell.lastSave.then(async () => {
    const state = change(cell.state)
    if (state === null) return false
    await o.files.save(state)
    cell.state = state
    act()
    return true
  })
  cell.lastSave = mine.catch(() => undefined)
  return mine
}

/** Serves what the state says. Synchronous: a request chooses its version before the swap or after it, never in between. */
export function serveTraffic(o: CellOptions, cell: Cell): void {
  cell.drained = [...cell.drained, ...(cell.live ? [cell.live] : [])].filter((l) => l.inFlight().length > 0)
  const { traffic, endpointId } = cell.state
  cell.live = traffic ? startLive(endpointId, traffic, o.rule) : null
  o.onChange()
}

/** The state with another traffic. */
export function withTraffic(state: EndpointState, traffic: Traffic): EndpointState {
  return { ...state, traffic }
}
