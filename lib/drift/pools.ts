import type { FeatureProfile } from './cells.ts'
import { decisionP, type DecisionTest } from './decision-p.ts'
import { type Counts, total } from './divergence.ts'

/** A closed event-time window, `[startMs, endMs)` in epoch milliseconds. */
export type DriftWindow = { startMs: number; endMs: number }

export type Pool = DriftWindow & {
  /** Position of its last window in the input. */
  lastIndex: number
  windows: number
  rows: number
  counts: number[]
} & (
    | { state: 'sufficient'; test: Extract<DecisionTest, { kind: 'tested' }> }
    | { state: 'insufficient' | 'no-data'; reason: string }
  )

/** Windows at the end that do not make a pool yet. */
export type Pending = { windows: number; rows: number; silentWindows: number }

export type PoolRule = { minRows: number; watch: number; biasMargin: number; limitWindows: number }

/**
 * Joins consecutive windows into disjoint pools, from the first window on. A pool closes as soon as it has `minRows` and
 * its watch threshold is `biasMargin` times the bias E0; one that reaches `limitWindows` first closes as `insufficient`
 * (`no-data` if it has no rows at all). Later windows never change a closed pool.
 */
export function poolWindows(
  feature: FeatureProfile,
  windows: readonly DriftWindow[],
  counts: readonly (Counts | null)[],
  rule: PoolRule,
  fromMs = -Infinity,
): { pools: Pool[]; pending: Pending } {
  const pools: Pool[] = []
  let open: Accumulator | null = null
  let silentWindows = 0
  for (const [index, window] of windows.entries()) {
    if (window.startMs < fromMs) continue
    const added = counts[index] ?? null
    open = extend(open ?? startPool(feature, window), window, index, added)
    silentWindows = added === null || total(added) === 0 ? silentWindows + 1 : 0
    const closed = tryClose(feature, open, rule)
    if (closed === null) continue
    pools.push(closed)
    open = null
  }
  return { pools, pending: { windows: open?.windows ?? 0, rows: open?.rows ?? 0, silentWindows } }
}

type Accumulator = DriftWindow & { lastIndex: number; windows: number; rows: number; counts: number[] }

function startPool(feature: FeatureProfile, window: DriftWindow): Accumulator {
  return { ...window, lastIndex: -1, windows: 0, rows: 0, counts: feature.counts.map(() => 0) }
}

function extend(pool: Accumulator, window: DriftWindow, lastIndex: number, added: Counts | null): Accumulator {
  const next = { ...pool, endMs: window.endMs, lastIndex, windows: pool.windows + 1 }
  if (added === null) return next
  if (added.length !== pool.counts.length) {
    throw new RangeError(`window ${lastIndex} has ${added.length} cells, the reference has ${pool.counts.length}`)
  }
  return { ...next, rows: pool.rows + total(added), counts: pool.counts.map((count, i) => count + (added[i] ?? 0)) }
}

function tryClose(feature: FeatureProfile, pool: Accumulator, rule: PoolRule): Pool | null {
  const atLimit = pool.windows >= rule.limitWindows
  if (pool.rows < rule.minRows && !atLimit) return null
  if (pool.rows === 0) return { ...pool, state: 'no-data', reason: `no rows in ${pool.windows} windows` }
  if (pool.rows < rule.minRows) {
    const reason = `${pool.rows} rows in ${pool.windows} windows, ${rule.minRows} needed`
    return { ...pool, state: 'insufficient', reason }
  }
  const test = decisionP(feature, pool.counts)
  if (test.kind === 'tested' && rule.watch >= rule.biasMargin * test.bias) return { ...pool, state: 'sufficient', test }
  if (!atLimit) return null
  const reason =
    test.kind === 'insufficient'
      ? test.reason
      : `chance alone produces a PSI of ${test.bias.toPrecision(2)} with ${pool.rows} rows: more rows, fewer cells or a larger reference are needed for a threshold of ${rule.watch}`
  return { ...pool, state: 'insufficient', reason }
}
