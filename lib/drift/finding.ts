import type { EvaluatedPool } from './evaluate.ts'

export type Severity = 'watch' | 'act'

/** What a finding carries between decisions. */
export type OpenFinding = {
  key: string
  /** The highest severity it has reached. */
  severity: Severity
  sinceMs: number
  /** End of the newest pool it has accounted for; a decision without a newer pool changes nothing. */
  lastPoolEndMs: number
}

export type FindingTransition =
  | ({ kind: 'open' | 'update'; because: string[] } & OpenFinding)
  | { kind: 'resolve'; key: string; because: string[] }

type Persistence = { k: number; n: number }

/**
 * The step in a finding's life that the newest pool makes, or null. Opens at k hits in the last n pools; updates with
 * every newer pool while it lasts (severity only rises); resolves after k sufficient pools in a row without a hit.
 * Deciding twice on the same pools gives no second transition.
 */
export function findingTransition(
  key: string,
  pools: readonly EvaluatedPool[],
  persistence: Persistence,
  open: OpenFinding | null,
): FindingTransition | null {
  const newest = pools.at(-1)
  if (newest === undefined || newest.pool.state !== 'sufficient') return null
  const lastPoolEndMs = newest.pool.endMs
  if (open !== null && open.lastPoolEndMs >= lastPoolEndMs) return null
  const severity = hitsAt(pools, persistence)
  const { k, n } = persistence
  if (open === null) {
    if (severity === null) return null
    const first = pools.slice(-n).find((e) => e.reaches !== null)
    const because = [`${countHits(pools, n, severity)} of the last ${n} pools reached "${severity}"`]
    return { kind: 'open', key, severity, sinceMs: first?.pool.startMs ?? newest.pool.startMs, lastPoolEndMs, because }
  }
  const calm = pools.slice(-k)
  // With k ≤ n/2 old hits may still make k of n: then it has not calmed down, or it would open again at once.
  if (
    severity === null &&
    calm.length === k &&
    calm.every((e) => e.pool.state === 'sufficient' && e.reaches === null)
  ) {
    return { kind: 'resolve', key, because: [`${k} pools in a row had enough rows and no drift`] }
  }
  const highest = severity === 'act' || open.severity === 'act' ? 'act' : 'watch'
  const because = [`${countHits(pools, n, 'watch')} of the last ${n} pools reached "watch"`]
  return { kind: 'update', key, severity: highest, sinceMs: open.sinceMs, lastPoolEndMs, because }
}

/** The severity that k of the last n pools reach, or null. A hit at `act` is also one at `watch`. */
export function hitsAt(pools: readonly EvaluatedPool[], { k, n }: Persistence): Severity | null {
  if (countHits(pools, n, 'act') >= k) return 'act'
  return countHits(pools, n, 'watch') >= k ? 'watch' : null
}

function countHits(pools: readonly EvaluatedPool[], n: number, severity: Severity): number {
  return pools.slice(-n).filter((e) => e.reaches === 'act' || (severity === 'watch' && e.reaches === 'watch')).length
}
