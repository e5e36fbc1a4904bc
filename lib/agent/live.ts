import { breakerWindow, type BreakerRule, type Window } from './breaker.ts'
import { compileRoute, type Route } from './route.ts'
import type { Traffic } from './state.ts'

/** One generation as it serves: its route, its requests in flight and its breaker windows. All begin at zero. */
export type Live = {
  route: Route
  begin(versionId: string): void
  end(versionId: string): void
  inFlight(): { versionId: string; inFlight: number }[]
  inFlightOf(versionId: string): number
  /** Records the outcome of a request; answers why the breaker must trip on that version, or null. */
  record(versionId: string, failed: boolean): string | null
}

export function startLive(endpointId: string, traffic: Traffic, rule: BreakerRule): Live {
  const counts = new Map<string, number>()
  const windows = new Map<string, Window>()
  const add = (versionId: string, n: number) => counts.set(versionId, (counts.get(versionId) ?? 0) + n)
  return {
    route: compileRoute(endpointId, traffic),
    begin: (versionId) => void add(versionId, 1),
    end: (versionId) => void add(versionId, -1),
    inFlight: () => [...counts].filter(([, n]) => n > 0).map(([versionId, inFlight]) => ({ versionId, inFlight })),
    inFlightOf: (versionId) => counts.get(versionId) ?? 0,
    record: (versionId, failed) => {
      let window = windows.get(versionId)
      if (!window) windows.set(versionId, (window = breakerWindow(rule)))
      return window.record(failed)
    },
  }
}
