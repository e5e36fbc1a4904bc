import { type Attribution, attributeDrift, topBins } from './attribute.ts'
import { psi, total } from './divergence.ts'
import { type DriftSeries, type EvaluatedPool, type EvaluatedSeries, evaluateSeries } from './evaluate.ts'
import { type FindingTransition, findingTransition, hitsAt, type OpenFinding, type Severity } from './finding.ts'
import type { DriftPolicy } from './policy.ts'
import type { DriftWindow, Pending } from './pools.ts'
import { psiMinimumDetectable } from './significance.ts'

export type DriftInput = {
  /** Closed windows, oldest first, without overlap. */
  windows: readonly DriftWindow[]
  series: readonly DriftSeries[]
  policy: DriftPolicy
  /** Findings open before this decision. */
  open: readonly OpenFinding[]
}

/** Figures of the newest pool of a feature. */
export type DriftFigures = DriftWindow & {
  windows: number
  rows: number
  referenceRows: number
  /** PSI over all cells (Jeffreys); its contributions are in `attribution.bins`. */
  psi: number
  /** PSI over the cells that the decision tests: rare ones pooled. This is what is compared with the thresholds. */
  effect: number
  /** E0, the effect that chance alone produces at this size, and the effect without it. */
  bias: number
  biasAdjusted: number
  p: number
  adjustedP: number
  /** The smallest population PSI that a test at `alpha` finds in 80 % of cases at this size. */
  minimumDetectable: number | null
  cells: number
  /** Likely causes are looked for only when the pool or the verdict says drift. */
  attribution: Attribution
}

export type FeatureVerdict = {
  key: string
  segment: string | null
  feature: string
  verdict: 'ok' | 'watch' | 'act' | 'insufficient' | 'no-data'
  because: string[]
  unless: string
  figures: DriftFigures | null
  pending: Pending
  transition: FindingTransition | null
  /** Pass as `fromMs` next time: windows before it can no longer change a verdict. Null while there is no pool. */
  resumeFromMs: number | null
}

/**
 * Decides about drift of every feature and segment of one monitor. Pure and deterministic: the same input gives the
 * same verdicts, under another policy it gives the what-if.
 *
 * A finding needs all of: effect at or above the threshold, adjusted p below alpha, enough rows (windows are pooled
 * for that), and k of the last n pools. It resolves after k sufficient pools in a row without a hit; missing or too
 * little data neither opens nor resolves. Findings of series no longer under watch resolve with that reason.
 */
export function decideDrift(input: DriftInput): { verdicts: FeatureVerdict[]; retired: FindingTransition[] } {
  const evaluated = evaluateSeries(input.windows, input.series, input.policy)
  const open = new Map(input.open.map((finding) => [finding.key, finding]))
  const neededFromMs = neededFrom(evaluated, input.policy.persistence.n)
  const verdicts = evaluated.map((e) => judge(e, input.policy, open.get(e.series.key) ?? null, neededFromMs))
  const watched = new Set(evaluated.map((e) => e.series.key))
  const retired = input.open
    .filter((finding) => !watched.has(finding.key))
    .map(({ key }) => ({ kind: 'resolve' as const, key, because: ['this feature is no longer under watch'] }))
  return { verdicts, retired }
}

function judge(
  evaluated: EvaluatedSeries,
  policy: DriftPolicy,
  open: OpenFinding | null,
  neededFromMs: number,
): FeatureVerdict {
  const { series, rule, pools, pending } = evaluated
  const { k, n } = policy.persistence
  const newest = pools.at(-1) ?? null
  const transition = findingTransition(series.key, pools, policy.persistence, open)
  const { verdict, because } = verdictOf(evaluated, policy, open, transition)
  const drifted = verdict === 'watch' || verdict === 'act' || newest?.reaches !== null
  const oldestNeeded = pools.findLast((e) => e.pool.startMs <= neededFromMs) ?? pools[0]
  const unless =
    verdict === 'insufficient' || verdict === 'no-data'
      ? `unless more rows arrive: ${rule.minRows} in at most ${policy.poolLimitWindows} windows`
      : verdict === 'ok'
        ? `unless PSI ≥ ${rule.watch} with adjusted p < ${policy.alpha} in ${k} of ${n} pools`
        : `unless ${k} sufficient pools in a row stay below PSI ${rule.watch} or above adjusted p ${policy.alpha}`
  return {
    key: series.key,
    segment: series.segment,
    feature: series.feature.name,
    verdict,
    because,
    unless,
    figures: newest === null ? null : figuresOf(series, newest, policy.alpha, drifted),
    pending,
    transition,
    resumeFromMs: oldestNeeded?.pool.startMs ?? null,
  }
}

function verdictOf(
  { pools, pending, rule }: EvaluatedSeries,
  policy: DriftPolicy,
  open: OpenFinding | null,
  transition: FindingTransition | null,
): Pick<FeatureVerdict, 'verdict' | 'because'> {
  const newest = pools.at(-1)
  if (pending.silentWindows >= policy.persistence.k || (newest === undefined && pending.rows === 0)) {
    return { verdict: 'no-data', because: [`no rows in the last ${pending.silentWindows} windows`] }
  }
  if (newest === undefined) {
    const gathered = `${pending.rows} rows in ${pending.windows} windows so far, not enough to judge (at least ${rule.minRows})`
    return { verdict: 'insufficient', because: [gathered] }
  }
  if (newest.pool.state !== 'sufficient') return { verdict: newest.pool.state, because: [newest.pool.reason] }
  const standing: Severity | null =
    hitsAt(pools, policy.persistence) ?? (open !== null && transition?.kind !== 'resolve' ? open.severity : null)
  return { verdict: standing ?? 'ok', because: reasons(pools, newest, rule, policy) }
}

function reasons(
  pools: readonly EvaluatedPool[],
  newest: EvaluatedPool,
  rule: EvaluatedSeries['rule'],
  policy: DriftPolicy,
): string[] {
  if (newest.pool.state !== 'sufficient') return [newest.pool.reason]
  const { effect } = newest.pool.test
  const adjustedP = newest.adjustedP ?? 1
  const reached =
    effect >= rule.act ? `≥ act ${rule.act}` : effect >= rule.watch ? `≥ watch ${rule.watch}` : `< watch ${rule.watch}`
  const last = pools.slice(-policy.persistence.n)
  const hits = last.filter((e) => e.reaches !== null).length
  return [
    `PSI ${effect.toPrecision(3)} ${reached}`,
    `adjusted p ${adjustedP.toPrecision(2)} ${adjustedP < policy.alpha ? '<' : '≥'} ${policy.alpha}`,
    `${newest.pool.rows} rows in ${newest.pool.windows} windows`,
    `${hits} of the last ${last.length} pools reached the watch threshold, ${policy.persistence.k} of ${policy.persistence.n} make a finding`,
  ]
}

function figuresOf(series: DriftSeries, newest: EvaluatedPool, alpha: number, drifted: boolean): DriftFigures | null {
  const { pool, adjustedP } = newest
  if (pool.state !== 'sufficient') return null
  const { effect, bias, p, cells } = pool.test
  const referenceRows = total(series.feature.counts)
  return {
    startMs: pool.startMs,
    endMs: pool.endMs,
    windows: pool.windows,
    rows: pool.rows,
    referenceRows,
    psi: psi(series.feature.counts, pool.counts, 'jeffreys')?.value ?? 0,
    effect,
    bias,
    biasAdjusted: effect - bias,
    p,
    adjustedP: adjustedP ?? 1,
    minimumDetectable: psiMinimumDetectable(cells, referenceRows, pool.rows, alpha),
    cells,
    attribution: drifted
      ? attributeDrift(series.feature, pool.counts)
      : { bins: topBins(series.feature, pool.counts), causes: [] },
  }
}

/**
 * The start of the oldest pool that any series still needs. Each series resumes at its own pool boundary at or before
 * it, so that families of p-values, and with them every verdict, come out as if all windows had been given.
 */
function neededFrom(evaluated: readonly EvaluatedSeries[], n: number): number {
  return evaluated.reduce(
    (earliest, { pools }) => Math.min(earliest, pools.at(-n)?.pool.startMs ?? -Infinity),
    Infinity,
  )
}
