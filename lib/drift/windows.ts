/** Silent windows that are looked at after the last one with rows; a longer silence is passed over. */
export const silentWindowsMax = 100

/**
 * The windows to look at, as epoch ms of their starts, oldest first: every window with rows that begins in [fromMs, untilMs),
 * and the silent ones after it, up to 100, for silence is evidence too, but a year of it is not more than a hundred windows.
 * The result does not depend on where one starts: `beforeMs` is the newest window with rows before `fromMs`, if any.
 */
export function windowsToEvaluate(options: {
  windowMs: number
  fromMs: number
  untilMs: number
  beforeMs: number | null
  /** Windows with rows from `fromMs` on, ascending. */
  countedMs: readonly number[]
}): number[] {
  const { windowMs, fromMs, untilMs, beforeMs, countedMs } = options
  const anchors = beforeMs === null ? [...countedMs] : [beforeMs, ...countedMs]
  const starts: number[] = []
  for (const [i, anchor] of anchors.entries()) {
    const end = Math.min(untilMs, anchors[i + 1] ?? Infinity, anchor + (silentWindowsMax + 1) * windowMs)
    for (let start = anchor; start < end; start += windowMs) if (start >= fromMs) starts.push(start)
  }
  return starts
}

/** The end of the newest closed window: event time has passed it by the allowed lateness. -Infinity before any event. */
export function closedUntil(windowMs: number, newestEventMs: number | null, latenessMs: number): number {
  if (newestEventMs === null) return -Infinity
  return Math.floor((newestEventMs - latenessMs) / windowMs) * windowMs
}
