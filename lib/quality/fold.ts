/** A prediction whose label has become known. Times are epoch ms of event time. */
export type LabelledPrediction = {
  workspaceId: string
  endpointId: string
  versionId: string
  generation: number
  eventAtMs: number
  score: number | null
  prediction: string | null
  label: string
  labelAtMs: number
}

/**
 * What is kept of labelled predictions: counts and integer sums that add up exactly in any order, so that two halves
 * give the whole. Sums "micros" are in millionths, each term rounded once.
 */
export type QualityCounts = {
  /** Those with a prediction, given or derived from the score. */
  labelled: number
  correct: number
  /** Labels that are true; 0 for labels of more than two classes. */
  positives: number
  predictedPositives: number
  truePositives: number
  scoreMicros: number
  /** Sum of (score − outcome)². */
  brierMicros: number
  logLossMicros: number
  logLossSquareMicros: number
  /** Scores in [0, 1] by cell of 1/50, of true and of false labels. */
  scorePositive: number[]
  scoreNegative: number[]
  delaySecondsSum: number
}

export type QualityKey = {
  workspaceId: string
  endpointId: string
  versionId: string
  generation: number
  windowAtMs: number
}
export type QualityFact = QualityKey & { counts: QualityCounts }

export const scoreCells = 50
export const qualityWindowMs = 86_400_000
/** A certain and wrong score would cost infinitely much: scores are cut to [1e-6, 1 − 1e-6] for the log loss. */
const scoreFloor = 1e-6

/**
 * Sums labelled predictions by endpoint, version, generation and day (UTC) of the prediction's event time, in the order
 * of these keys. Without a prediction a score of 0.5 or more stands for true; those with neither are left out.
 */
export function foldLabelled(list: readonly LabelledPrediction[]): QualityFact[] {
  const facts = new Map<string, QualityFact>()
  for (const each of list) {
    const windowAtMs = Math.floor(each.eventAtMs / qualityWindowMs) * qualityWindowMs
    const { workspaceId, endpointId, versionId, generation } = each
    const key = `${endpointId} ${versionId} ${generation} ${windowAtMs}`
    let fact = facts.get(key)
    if (!fact) {
      fact = { workspaceId, endpointId, versionId, generation, windowAtMs, counts: emptyQuality() }
      facts.set(key, fact)
    }
    countLabelled(fact.counts, each)
  }
  return [...facts]
    .filter(([, fact]) => fact.counts.labelled > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, fact]) => fact)
}

export function emptyQuality(): QualityCounts {
  return {
    labelled: 0,
    correct: 0,
    positives: 0,
    predictedPositives: 0,
    truePositives: 0,
    scoreMicros: 0,
    brierMicros: 0,
    logLossMicros: 0,
    logLossSquareMicros: 0,
    scorePositive: Array.from({ length: scoreCells }, () => 0),
    scoreNegative: Array.from({ length: scoreCells }, () => 0),
    delaySecondsSum: 0,
  }
}

/** The counts of both; changes neither. */
export function addQuality(a: QualityCounts, b: QualityCounts): QualityCounts {
  const vectors = (x: readonly number[], y: readonly number[]) => x.map((n, i) => n + (y[i] ?? 0))
  return {
    labelled: a.labelled + b.labelled,
    correct: a.correct + b.correct,
    positives: a.positives + b.positives,
    predictedPositives: a.predictedPositives + b.predictedPositives,
    truePositives: a.truePositives + b.truePositives,
    scoreMicros: a.scoreMicros + b.scoreMicros,
    brierMicros: a.brierMicros + b.brierMicros,
    logLossMicros: a.logLossMicros + b.logLossMicros,
    logLossSquareMicros: a.logLossSquareMicros + b.logLossSquareMicros,
    scorePositive: vectors(a.scorePositive, b.scorePositive),
    scoreNegative: vectors(a.scoreNegative, b.scoreNegative),
    delaySecondsSum: a.delaySecondsSum + b.delaySecondsSum,
  }
}

/** The text by which labels and predictions are compared: true and 1 are the same outcome, so are false and 0. */
export function outcomeText(value: string | number | boolean): string {
  const text = String(value)
  return text === '1' ? 'true' : text === '0' ? 'false' : text
}

function countLabelled(counts: QualityCounts, each: LabelledPrediction): void {
  const scored = each.score !== null && each.score >= 0 && each.score <= 1 ? each.score : null
  const derived = scored === null ? null : String(scored >= 0.5)
  const predicted = each.prediction ?? derived
  if (predicted === null) return
  const positive = each.label === 'true'
  counts.labelled += 1
  counts.correct += Number(predicted === each.label)
  counts.positives += Number(positive)
  counts.predictedPositives += Number(predicted === 'true')
  counts.truePositives += Number(positive && predicted === 'true')
  counts.delaySecondsSum += Math.max(0, Math.round((each.labelAtMs - each.eventAtMs) / 1000))
  // Scores say something about two outcomes only: with a third kind of label there is no log loss of this score.
  if (scored !== null && (positive || each.label === 'false')) countScore(counts, scored, positive)
}

function countScore(counts: QualityCounts, score: number, positive: boolean): void {
  const outcome = Number(positive)
  const cut = Math.min(1 - scoreFloor, Math.max(scoreFloor, score))
  const logLoss = -Math.log(positive ? cut : 1 - cut)
  const cell = Math.min(scoreCells - 1, Math.floor(score * scoreCells))
  const histogram = positive ? counts.scorePositive : counts.scoreNegative
  histogram[cell] = (histogram[cell] ?? 0) + 1
  counts.scoreMicros += micros(score)
  counts.brierMicros += micros((score - outcome) ** 2)
  counts.logLossMicros += micros(logLoss)
  counts.logLossSquareMicros += micros(logLoss ** 2)
}

function micros(value: number): number {
  return Math.round(value * 1e6)
}
