import { cellLabels, type FeatureProfile } from './cells.ts'
import { psi, total, type Counts } from './divergence.ts'
import { standardisedResiduals } from './significance.ts'

/** One cell of a feature, reference and current side by side. */
export type Bin = {
  label: string
  referenceCount: number
  currentCount: number
  referenceShare: number
  currentShare: number
  /** Part of the PSI (Jeffreys); over all bins these add up to it exactly. */
  contribution: number
  /** Standardised residual: beyond ±3 chance is an unlikely explanation. */
  residual: number
}

/** Every cell of a feature, in the profile's order. Without current rows the shares and contributions are 0. */
export function binsOf(feature: FeatureProfile, current: Counts): Bin[] {
  const [n, m] = [total(feature.counts), total(current)]
  const contributions = psi(feature.counts, current, 'jeffreys')?.contributions ?? []
  const residuals = m === 0 ? [] : standardisedResiduals(feature.counts, current)
  return cellLabels(feature).map((label, cell) => {
    const [referenceCount, currentCount] = [feature.counts[cell] ?? 0, current[cell] ?? 0]
    return {
      label,
      referenceCount,
      currentCount,
      referenceShare: n === 0 ? 0 : referenceCount / n,
      currentShare: m === 0 ? 0 : currentCount / m,
      contribution: contributions[cell] ?? 0,
      residual: residuals[cell] ?? 0,
    }
  })
}

/** The sum of count vectors over the same cells. */
export function sumCounts(vectors: readonly Counts[], cells: number): number[] {
  const sum = Array.from({ length: cells }, () => 0)
  for (const vector of vectors) for (let i = 0; i < cells; i++) sum[i] = (sum[i] ?? 0) + (vector[i] ?? 0)
  return sum
}
