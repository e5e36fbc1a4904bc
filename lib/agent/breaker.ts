export type BreakerRule = {
  /** How many of the last requests of a version are looked at. */
  window: number
  /** How many failures among them trip the breaker. */
  failures: number
}

/** The outcomes of the last requests of one version within one generation. */
export type Window = {
  /** Records an outcome; answers why the breaker must trip, or null. */
  record(failed: boolean): string | null
}

/** A ring of the last `window` outcomes: constant memory and time a request. */
export function breakerWindow(rule: BreakerRule): Window {
  const ring = new Uint8Array(rule.window)
  let next = 0
  let seen = 0
  let failures = 0
  return {
    record: (failed) => {
      failures += Number(failed) - (ring[next] ?? 0)
      ring[next] = Number(failed)
      next = (next + 1) % rule.window
      seen = Math.min(seen + 1, rule.window)
      return failed && failures >= rule.failures ? `${failures} of its last ${seen} requests failed` : null
    },
  }
}
