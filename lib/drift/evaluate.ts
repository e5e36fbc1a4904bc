import { adjustPValues } from './adjust.ts'
import type { FeatureProfile } from './cells.ts'
import type { Counts } from './divergence.ts'
import { type FeatureRule, type DriftPolicy, ruleFor } from './policy.ts'
import { type DriftWindow, type Pending, type Pool, poolWindows } from './pools.ts'

/** One feature of one segment under watch. */
export type DriftSeries = {
  /** Unique in the input; findings refer to it. */
  key: string
  segment: string | null
  /** The frozen reference of this feature in this segment. */
  feature: FeatureProfile
  /** Count vectors in the feature's cell layout, aligned with the windows; null where the window has none. */
  counts: readonly (Counts | null)[]
  /** `resumeFromMs` of the last decision, when older windows are not given again. */
  fromMs?: number
}

export type EvaluatedPool = { pool: Pool; p: number | null; adjustedP: number | null; reaches: 'act' | 'watch' | null }
export type EvaluatedSeries = { series: DriftSeries; rule: FeatureRule; pools: EvaluatedPool[]; pending: Pending }

/**
 * Pools and tests every series. The p-values of pools that end in the same window are adjusted together; the family is
 * all series under watch: those without a pool ending there enter as p = 1, so the adjustment never gets laxer because
 * features pool at different paces. Throws `RangeError` when windows overlap or run backwards.
 */
export function evaluateSeries(
  windows: readonly DriftWindow[],
  series: readonly DriftSeries[],
  policy: DriftPolicy,
): EvaluatedSeries[] {
  requireOrder(windows)
  const watched = series
    .map((s) => ({ series: s, rule: ruleFor(policy, s.feature.name) }))
    .filter(({ rule }) => !rule.ignore)
  const pooled = watched.map(({ series: s, rule }) => ({
    series: s,
    rule,
    ...poolWindows(s.feature, windows, s.counts, poolRule(policy, rule), s.fromMs),
  }))
  const adjusted = adjustByWindow(
    pooled.flatMap(({ pools }) => pools),
    policy,
    watched.length,
  )
  return pooled.map(({ series: s, rule, pools, pending }) => ({
    series: s,
    rule,
    pending,
    pools: pools.map((pool) => judgePool(pool, adjusted.get(pool) ?? null, rule, policy.alpha)),
  }))
}

function judgePool(pool: Pool, adjustedP: number | null, rule: FeatureRule, alpha: number): EvaluatedPool {
  if (pool.state !== 'sufficient') return { pool, p: null, adjustedP: null, reaches: null }
  const { effect, p } = pool.test
  const certain = adjustedP !== null && adjustedP < alpha
  const reaches = !certain || effect < rule.watch ? null : effect >= rule.act ? 'act' : 'watch'
  return { pool, p, adjustedP, reaches }
}

function adjustByWindow(pools: readonly Pool[], policy: DriftPolicy, familySize: number): Map<Pool, number> {
  const families = new Map<number, { pool: Pool; p: number }[]>()
  for (const pool of pools) {
    if (pool.state !== 'sufficient') continue
    const family = families.get(pool.lastIndex) ?? []
    family.push({ pool, p: pool.test.p })
    families.set(pool.lastIndex, family)
  }
  const adjusted = new Map<Pool, number>()
  for (const family of families.values()) {
    const values = adjustPValues(
      family.map(({ p }) => p),
      policy.adjust,
      familySize,
    )
    for (const [i, { pool }] of family.entries()) adjusted.set(pool, values[i] ?? 1)
  }
  return adjusted
}

function poolRule(policy: DriftPolicy, rule: FeatureRule) {
  return {
    minRows: rule.minRows,
    watch: rule.watch,
    biasMargin: policy.biasMargin,
    limitWindows: policy.poolLimitWindows,
  }
}

function requireOrder(windows: readonly DriftWindow[]): void {
  for (const [i, window] of windows.entries()) {
    const previousEnd = windows[i - 1]?.endMs ?? -Infinity
    if (!(window.endMs > window.startMs) || window.startMs < previousEnd) {
      throw new RangeError(`window ${i} must end after it starts, and start when the one before has ended`)
    }
  }
}
