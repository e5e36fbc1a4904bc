/**
 * What the stream's leader tells every tab. `ping` proves that the stream lives and the server hears of changes; `stale` that it
 * lives and the server does not; `change` says that something may have changed.
 */
export type LiveMessage = { kind: 'ping' } | { kind: 'stale' } | { kind: 'change' } | { kind: 'down' }

export type LivePhase = 'connecting' | 'live' | 'stale' | 'reconnecting' | 'paused'

/** Times are of a monotonic clock, in milliseconds. */
export type LiveState = {
  startedMs: number
  lastHeardMs: number | null
  down: boolean
  stale: boolean
  paused: boolean
}

/** The server pings every 2 s, so two lost pings are a lost stream; the page says so within 5 s, the timer's second included. */
export const silenceMsMax = 4000
/** A page asks the server for itself at most this often. */
export const refreshEveryMs = 2000

export function startLive(nowMs: number): LiveState {
  return { startedMs: nowMs, lastHeardMs: null, down: false, stale: false, paused: false }
}

/** The state after a message; anything but `down` proves that the stream lives. */
export function hear(state: LiveState, message: LiveMessage, nowMs: number): LiveState {
  if (message.kind === 'down') return { ...state, down: true }
  return { ...state, down: false, stale: message.kind === 'stale', lastHeardMs: nowMs }
}

/** What the top bar says. A silence is a lost stream, even when the connection looks open. */
export function phaseOf(state: LiveState, nowMs: number): LivePhase {
  if (state.paused) return 'paused'
  const silentMs = nowMs - (state.lastHeardMs ?? state.startedMs)
  if (state.down || silentMs > silenceMsMax) return 'reconnecting'
  if (state.stale) return 'stale'
  return state.lastHeardMs === null ? 'connecting' : 'live'
}

export type RefreshQuestion = { pending: boolean; held: boolean; lastRefreshMs: number | null; nowMs: number }

/** How long to wait before the page may be refreshed, or null while nothing changed or something holds it. */
export function refreshDelayMs({ pending, held, lastRefreshMs, nowMs }: RefreshQuestion): number | null {
  if (!pending || held) return null
  return lastRefreshMs === null ? 0 : Math.max(0, lastRefreshMs + refreshEveryMs - nowMs)
}

/**
 * The wait before the next attempt: doubling from 1 s to 15 s, spread by `jitter` (0 to 1) over its upper half so that
 * the tabs of a whole company do not come back in the same instant.
 */
export function backoffMs(attempt: number, jitter: number): number {
  const full = Math.min(15_000, 1000 * 2 ** Math.min(attempt, 10))
  return Math.round(full * (0.5 + 0.5 * jitter))
}
