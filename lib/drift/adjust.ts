export type AdjustMethod = 'bh' | 'by' | 'bonferroni'

/**
 * p-values adjusted for testing several hypotheses at once, in the order given.
 *
 * 'bh': Benjamini and Hochberg 1995 (false discovery rate, independent or positively dependent tests);
 * 'by': Benjamini and Yekutieli 2001 (false discovery rate under any dependence: times Σ1/i);
 * 'bonferroni': times the number of tests (family-wise error).
 *
 * `familySize` (default: how many are given) counts further hypotheses of the family that are not given here; they
 * enter as p = 1. Throws `RangeError` on a p outside [0, 1] or a family smaller than the list.
 */
export function adjustPValues(p: readonly number[], method: AdjustMethod, familySize = p.length): number[] {
  if (p.some((value) => !(value >= 0 && value <= 1))) throw new RangeError('every p must be a number from 0 to 1')
  if (familySize < p.length) throw new RangeError(`family of ${familySize} cannot hold ${p.length} tests`)
  if (method === 'bonferroni') return p.map((value) => Math.min(1, value * familySize))
  const factor = method === 'by' ? harmonic(familySize) : 1
  const order = p.map((_, i) => i).sort((a, b) => (p[b] ?? 0) - (p[a] ?? 0))
  const adjusted = p.map(() => 1)
  let smallest = 1
  for (const [fromTop, index] of order.entries()) {
    const rank = p.length - fromTop
    smallest = Math.min(smallest, ((p[index] ?? 1) * familySize * factor) / rank)
    adjusted[index] = smallest
  }
  return adjusted
}

function harmonic(n: number): number {
  let sum = 0
  for (let i = 1; i <= n; i++) sum += 1 / i
  return sum
}
