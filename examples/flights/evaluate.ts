/** Quality of scores against labels. `auc` is null when only one class is present; every figure is null without rows. */
export type Evaluation = {
  n: number
  lateShare: number | null
  meanScore: number | null
  /** Share of rows whose `score >= threshold` agrees with the label. */
  accuracy: number | null
  /** Of the flights called late, the share that was; of the late flights, the share that was called so. */
  precision: number | null
  recall: number | null
  /** Mean −ln of the probability given to what happened; scores are clipped to [1e-12, 1 − 1e-12]. */
  logLoss: number | null
  auc: number | null
}

/** Evaluates scores in [0, 1] against labels (1 is late) at a decision threshold. */
export function evaluateScores(scores: Float64Array, labels: Uint8Array, threshold: number): Evaluation {
  let [late, sum, agreeing, called, hits, loss] = [0, 0, 0, 0, 0, 0]
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row] ?? 0
    const isLate = labels[row] === 1
    const isCalled = score >= threshold
    late += isLate ? 1 : 0
    sum += score
    agreeing += isCalled === isLate ? 1 : 0
    called += isCalled ? 1 : 0
    hits += isCalled && isLate ? 1 : 0
    loss -= Math.log(Math.min(1 - 1e-12, Math.max(1e-12, isLate ? score : 1 - score)))
  }
  const n = scores.length
  return {
    n,
    lateShare: ratio(late, n),
    meanScore: ratio(sum, n),
    accuracy: ratio(agreeing, n),
    precision: ratio(hits, called),
    recall: ratio(hits, late),
    logLoss: ratio(loss, n),
    auc: rankAuc(scores, labels),
  }
}

/**
 * Area under the ROC curve, exactly: the share of (late, not late) pairs that the score orders rightly, a tie counting
 * one half (Hanley and McNeil 1982). Null when one of the classes is missing.
 */
export function rankAuc(scores: Float64Array, labels: Uint8Array): number | null {
  const late = scores.filter((_, row) => labels[row] === 1).sort()
  const other = scores.filter((_, row) => labels[row] !== 1).sort()
  if (late.length === 0 || other.length === 0) return null
  let [below, upTo, wins] = [0, 0, 0]
  for (const score of late) {
    while (below < other.length && (other[below] ?? 0) < score) below++
    while (upTo < other.length && (other[upTo] ?? 0) <= score) upTo++
    wins += below + (upTo - below) / 2
  }
  return wins / (late.length * other.length)
}

/**
 * The threshold at which as large a share of these scores is called late as was late. At 0.5 a model of this strength
 * calls hardly any flight late, so its accuracy is the base rate and says nothing; here false alarms and misses are
 * about equal in number, and accuracy moves when the order of the scores does.
 */
export function thresholdForShare(scores: Float64Array, lateShare: number): number {
  const sorted = scores.toSorted()
  const index = Math.min(sorted.length - 1, Math.max(0, Math.round(sorted.length * (1 - lateShare))))
  return sorted[index] ?? 1
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
