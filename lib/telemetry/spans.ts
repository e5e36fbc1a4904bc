/** [from, to) in epoch ms; `piece` counts from 1, as `width_bucket` does. */
export type Span = { piece: number; fromMs: number; toMs: number }
export type Spans = { hours: Span[]; slices: Span[] }

export const hourMs = 3_600_000

/**
 * Which whole hours and which single slices make up the pieces between neighbouring borders, so that each request is counted
 * once: the hours that lie within a piece, and the slices at its two ends. Where slices are forgotten (before `sliceFromMs`)
 * a border stands at the beginning of its hour instead; that moves it by less than an hour, and pieces still add up exactly.
 * @param bordersMs ascending, at least two, epoch ms
 * @param sliceFromMs the beginning of an hour, or -Infinity while no slice was forgotten
 */
export function spansOf(bordersMs: readonly number[], sliceFromMs: number): Spans {
  const borders = bordersMs.map((ms) => (ms < sliceFromMs ? floorHour(ms) : ms))
  const spans: Spans = { hours: [], slices: [] }
  const add = (to: Span[], piece: number, fromMs: number, toMs: number) => {
    if (fromMs < toMs) to.push({ piece, fromMs, toMs })
  }
  for (let piece = 1; piece < borders.length; piece++) {
    const [fromMs = 0, toMs = 0] = [borders[piece - 1], borders[piece]]
    const [firstHour, lastHour] = [ceilHour(fromMs), floorHour(toMs)]
    if (firstHour >= lastHour) add(spans.slices, piece, fromMs, toMs)
    else {
      add(spans.slices, piece, fromMs, firstHour)
      add(spans.hours, piece, firstHour, lastHour)
      add(spans.slices, piece, lastHour, toMs)
    }
  }
  return spans
}

/** The beginning of the hour (UTC) in which the moment lies. */
export function floorHour(ms: number): number {
  return Math.floor(ms / hourMs) * hourMs
}

function ceilHour(ms: number): number {
  return Math.ceil(ms / hourMs) * hourMs
}
