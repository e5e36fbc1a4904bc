import type { Measured } from './measure.ts'
import type { WatchItemState } from './model.ts'
import type { WatchItem } from './policy.ts'
import type { WatchObservation } from './watch.ts'

type Window = WatchObservation['windows'][number]

/** The last complete windows since `sinceMs`, oldest first: as many as the item judges. Times are epoch ms. */
export function completeWindows(
  item: Pick<WatchItem, 'windowSeconds' | 'windowsInARow'>,
  sinceMs: number,
  nowMs: number,
  latenessMs: number,
): { startAt: number; endAt: number }[] {
  const windowMs = item.windowSeconds * 1000
  const complete = Math.floor((nowMs - latenessMs - sinceMs) / windowMs)
  const first = Math.max(0, complete - item.windowsInARow)
  const windows: { startAt: number; endAt: number }[] = []
  for (let i = first; i < complete; i += 1) {
    windows.push({ startAt: sinceMs + i * windowMs, endAt: sinceMs + (i + 1) * windowMs })
  }
  return windows
}

/**
 * The borders of windows over a source that only gives totals, with the totals of now added when a window has passed. A
 * window then holds what became known within it: for quality, the labels that arrived, however old their predictions.
 */
export function addBorder(
  borders: WatchItemState['borders'],
  totals: Measured,
  item: Pick<WatchItem, 'windowSeconds' | 'windowsInARow'>,
  nowMs: number,
): WatchItemState['borders'] {
  const last = borders.at(-1)
  if (last !== undefined && nowMs < last.at + item.windowSeconds * 1000) return borders
  return [...borders, { at: nowMs, ...totals }].slice(-(item.windowsInARow + 1))
}

/** The windows between borders. Totals only rise; should they be corrected downwards, the window counts as empty. */
export function windowsBetween(borders: WatchItemState['borders']): Window[] {
  return borders.slice(1).map((end, i) => {
    const start = borders[i] ?? end
    const n = Math.max(0, end.n - start.n)
    const counts = { n, k: Math.min(n, Math.max(0, end.k - start.k)) }
    return { kind: 'proportion' as const, startAt: start.at, endAt: end.at, counts }
  })
}
