import { cellLabels, type FeatureProfile, ordinaryCells, specialCells } from './cells.ts'
import { neverMetP } from './decision-p.ts'
import type { LikelyCause } from './cause.ts'
import { type Counts, psi, total } from './divergence.ts'
import { likelyScale } from './scale.ts'
import { chiSquareUpper, nullRateTest, standardisedResiduals } from './significance.ts'

export type BinShift = {
  cell: number
  label: string
  /** Part of the PSI (Jeffreys); over all cells these add up to it exactly. */
  contribution: number
  /** Standardised residual: beyond ±3 chance is an unlikely explanation. */
  residual: number
  referenceShare: number
  currentShare: number
}

export type Attribution = { bins: BinShift[]; causes: LikelyCause[] }

/** How many bins an attribution lists. */
export const BINS_LISTED = 10

/** A rise smaller than this is not worth a hint, however certain. */
const SHARE_RISE_MIN = 0.01
/** Certainty that a hint about one cell needs; there are at most a few such looks per feature. */
const HINT_P = 0.001
/** A value is called vanished when this many rows were to be expected and none came: chance e^-12 ≈ 6e-6. */
const VANISHED_EXPECTED_MIN = 12
const SATURATED_SHARE = 0.8

/** Which cells moved, the largest contribution first, and what likely caused it. Empty without rows on a side. */
export function attributeDrift(feature: FeatureProfile, current: Counts): Attribution {
  return { bins: topBins(feature, current), causes: likelyCauses(feature, current) }
}

/** The cells with the largest contributions. Cheap: one pass over the cells. */
export function topBins(feature: FeatureProfile, current: Counts): BinShift[] {
  return binShifts(feature, current)
    .filter((bin) => bin.contribution > 0)
    .sort((a, b) => b.contribution - a.contribution || a.cell - b.cell)
    .slice(0, BINS_LISTED)
}

function likelyCauses(feature: FeatureProfile, current: Counts): LikelyCause[] {
  const bins = binShifts(feature, current)
  if (bins.length === 0) return []
  const n = total(feature.counts)
  const m = total(current)
  const causes = [
    missingCause(feature, current, n, m),
    invalidCause(feature, bins, n, m),
    unseenCause(feature, current, n, m),
    vanishedCause(feature, bins, m),
    likelyScale(feature, current) ?? saturationCause(feature, bins),
  ]
  return causes.filter((cause) => cause !== null)
}

/** Every cell with its share of the PSI; empty when a side has no rows. */
function binShifts(feature: FeatureProfile, current: Counts): BinShift[] {
  const reference = feature.counts
  const parts = psi(reference, current, 'jeffreys')
  if (parts === null) return []
  const n = total(reference)
  const m = total(current)
  const labels = cellLabels(feature)
  const residuals = standardisedResiduals(reference, current)
  return parts.contributions.map((contribution, cell) => ({
    cell,
    label: labels[cell] ?? '',
    contribution,
    residual: residuals[cell] ?? 0,
    referenceShare: (reference[cell] ?? 0) / n,
    currentShare: (current[cell] ?? 0) / m,
  }))
}

function missingCause(feature: FeatureProfile, current: Counts, n: number, m: number): LikelyCause | null {
  const cell = specialCells(feature).null
  const before = feature.counts[cell] ?? 0
  const now = current[cell] ?? 0
  const test = nullRateTest({ nulls: before, rows: n }, { nulls: now, rows: m })
  if (test === null || Math.abs(now / m - before / n) < SHARE_RISE_MIN || test.p >= HINT_P) return null
  const direction = now / m > before / n ? 'rose' : 'fell'
  return {
    kind: 'null-rate',
    text: `the share of nulls ${direction} from ${percent(before / n)} to ${percent(now / m)}: likely a change in how the feature is filled`,
    evidence: { referenceShare: before / n, currentShare: now / m, z: test.z },
  }
}

function invalidCause(feature: FeatureProfile, bins: readonly BinShift[], n: number, m: number): LikelyCause | null {
  if (feature.kind !== 'numeric') return null
  const { nan, minusInfinity, plusInfinity } = specialCells(feature)
  const cells = bins.filter((b) => b.cell === nan || b.cell === minusInfinity || b.cell === plusInfinity)
  const before = cells.reduce((sum, b) => sum + b.referenceShare, 0)
  const now = cells.reduce((sum, b) => sum + b.currentShare, 0)
  const test = nullRateTest({ nulls: before * n, rows: n }, { nulls: now * m, rows: m })
  if (test === null || now - before < SHARE_RISE_MIN || test.p >= HINT_P) return null
  return {
    kind: 'invalid-values',
    text: `NaN or infinite values rose from ${percent(before)} to ${percent(now)}: likely a failing computation upstream`,
    evidence: { referenceShare: before, currentShare: now, z: test.z },
  }
}

function unseenCause(feature: FeatureProfile, current: Counts, n: number, m: number): LikelyCause | null {
  const cell = specialCells(feature).unseen
  const now = cell < 0 ? 0 : (current[cell] ?? 0)
  const expectedShare = (feature.singletons + 1) / (n + 1)
  const p = neverMetP(now, m, feature.singletons, n)
  if (now / m - expectedShare < SHARE_RISE_MIN || p >= HINT_P) return null
  return {
    kind: 'unseen',
    text: `${percent(now / m)} of rows hold values never met in the reference: likely a new category or a changed spelling`,
    evidence: { currentShare: now / m, expectedShare, p },
  }
}

function vanishedCause(feature: FeatureProfile, bins: readonly BinShift[], m: number): LikelyCause | null {
  if (feature.kind === 'numeric' && feature.values.length === 0) return null
  const gone = bins.filter(
    (b) => b.cell < ordinaryCells(feature) && b.currentShare === 0 && b.referenceShare * m >= VANISHED_EXPECTED_MIN,
  )
  if (gone.length === 0) return null
  const share = gone.reduce((sum, b) => sum + b.referenceShare, 0)
  const names = gone.map((b) => b.label).slice(0, 5)
  return {
    kind: 'vanished',
    text: `${gone.length} value(s) that made up ${percent(share)} of the reference no longer occur: likely dropped or renamed`,
    evidence: { referenceShare: share, values: names.join(', '), expectedRows: share * m },
  }
}

function saturationCause(feature: FeatureProfile, bins: readonly BinShift[]): LikelyCause | null {
  const ordinary = ordinaryCells(feature)
  const full = bins.find(
    (b) => b.cell < ordinary && b.currentShare >= SATURATED_SHARE && b.referenceShare <= b.currentShare / 2,
  )
  if (full === undefined || chiSquareUpper(full.residual ** 2, 1) >= HINT_P) return null
  const atEnd = feature.edges.length > 0 && (full.cell === 0 || full.cell === feature.edges.length)
  const meaning = atEnd
    ? 'likely a change of unit or scale beyond the range of the reference, or a default value'
    : 'likely a constant or default value'
  return {
    kind: 'saturation',
    text: `${percent(full.currentShare)} of rows fall in "${full.label}" (${percent(full.referenceShare)} before): ${meaning}`,
    evidence: { cell: full.label, referenceShare: full.referenceShare, currentShare: full.currentShare },
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}
