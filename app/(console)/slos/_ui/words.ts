import type { SloView } from '#lib/slos/model.ts'
import { formatDuration, formatNumber } from '../../../_ui/format.ts'
import type { StatusOf } from '../../../_ui/status.tsx'

type Slo = Pick<SloView, 'kind' | 'target' | 'thresholdMs' | 'windowSeconds'>

/** What is promised, in one sentence. */
export function promise(slo: Slo): string {
  const share = formatNumber(slo.target * 100, '%', decimalsOf(slo.target * 100))
  const what = slo.kind === 'availability' ? 'answered without an error' : `answered within ${slo.thresholdMs} ms`
  return `${share} of requests ${what}, over ${formatDuration(slo.windowSeconds * 1000)}`
}

/** The state as it is shown: a budget that is spent is said so, whatever burns now. */
export function sloStatus(slo: Pick<SloView, 'state' | 'severity' | 'status'>): { of: StatusOf; word: string } {
  const left = slo.status?.budget?.left ?? null
  if (left !== null && left <= 0) return { of: 'exhausted', word: 'Budget spent' }
  if (slo.state === 'burning') return { of: 'at-risk', word: `Burning (${slo.severity ?? 'ticket'})` }
  return slo.state === 'ok' ? { of: 'met', word: 'Met' } : { of: 'no-data', word: 'No data' }
}

/** How much of the error budget is left; overspent is negative. */
export function budgetLeft(left: number): string {
  return formatNumber(left * 100, '%', Math.abs(left) < 0.1 ? 1 : 0)
}

/** When the budget is spent at the present rate, in words. */
export function exhaustion(slo: Pick<SloView, 'status'>): { words: string; known: boolean } {
  const budget = slo.status?.budget ?? null
  if (budget === null) return { words: 'no requests in its window', known: false }
  if (budget.exhaustedInSeconds === 0) return { words: 'spent', known: true }
  if (budget.exhaustedInSeconds === null) {
    return budget.left === null
      ? { words: 'no requests in its window', known: false }
      : { words: 'not at this rate', known: true }
  }
  return { words: `in ${formatDuration(budget.exhaustedInSeconds * 1000)}`, known: true }
}

function decimalsOf(percent: number): number {
  const text = String(Number(percent.toPrecision(9)))
  return text.includes('.') ? (text.split('.')[1]?.length ?? 0) : 0
}
