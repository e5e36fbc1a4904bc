import type { StatusOf } from '../../../_ui/status.tsx'
import type { Feature } from './order.ts'

/** The verdicts in words; too little data is a verdict of its own, never "no drift". */
export const verdictWords: Record<Feature['verdict'], { of: StatusOf; word: string }> = {
  act: { of: 'alarm', word: 'Drifts, act' },
  watch: { of: 'watch', word: 'Drifts, watch' },
  insufficient: { of: 'inconclusive', word: 'Too little data' },
  'no-data': { of: 'no-data', word: 'No data' },
  ok: { of: 'stable', word: 'Stable' },
}

/** A p-value with two figures, and never as 0. */
export function pValue(p: number): string {
  if (p < 1e-6) return '< 0.000001'
  return String(Number(p.toPrecision(2)))
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' })

/** A day of event time, which may be years ago, with its year: `11 Jun 2001`. */
export function eventDay(at: Date | number): string {
  return dayFormat.format(at)
}

/** A span of event time by its days. */
export function eventSpan(startMs: number, endMs: number): string {
  const [from, to] = [eventDay(startMs), eventDay(endMs - 1)]
  return from === to ? from : `${from} to ${to}`
}
