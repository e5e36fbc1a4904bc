import type { Weight } from './traffic.ts'

/** Why weights cannot be asked of any data plane; null when they can. */
export function invalidWeights(weights: readonly Weight[]): string | null {
  if (weights.some((w) => !Number.isInteger(w.percent) || w.percent < 0))
    return 'percents must be whole and not negative'
  if (weights.reduce((sum, w) => sum + w.percent, 0) !== 100) return 'the percents must sum to 100'
  return new Set(weights.map((w) => w.versionId)).size === weights.length ? null : 'each version may be named once'
}
