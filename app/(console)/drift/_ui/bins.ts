import type { Bin as DriftBin } from '#lib/drift/bins.ts'
import type { Bin } from '../../../_ui/bin-bars.tsx'

/** More rows than this are not compared by eye. */
const binsShown = 30

/**
 * The bins to draw, in the profile's order: those empty on both sides are left out, and of more than thirty the largest
 * contributions are shown and the others added up, so that what is shown still adds up to the whole.
 */
export function shownBins(bins: readonly DriftBin[]): Bin[] {
  const filled = bins.filter((bin) => bin.referenceCount > 0 || bin.currentCount > 0)
  if (filled.length <= binsShown) return filled.map(toBin)
  const largest = new Set(
    [...filled].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, binsShown - 1),
  )
  const rest = filled.filter((bin) => !largest.has(bin))
  const sum = (value: (bin: DriftBin) => number) => rest.reduce((total, bin) => total + value(bin), 0)
  return [
    ...filled.filter((bin) => largest.has(bin)).map(toBin),
    {
      label: `${rest.length} others`,
      reference: sum((bin) => bin.referenceShare),
      current: sum((bin) => bin.currentShare),
      contribution: sum((bin) => bin.contribution),
    },
  ]
}

function toBin({ label, referenceShare, currentShare, contribution, residual }: DriftBin): Bin {
  return { label, reference: referenceShare, current: currentShare, contribution, residual }
}
