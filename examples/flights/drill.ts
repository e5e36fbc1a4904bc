import type { ReplayTransform } from './replay.ts'

/** International definition of the mile (1959). */
const kilometresPerMile = 1.609344
/** The three busiest origins of the data: 15 % of all flights. */
const busiestOrigins = ['ORD', 'DFW', 'ATL'] as const

/**
 * A DRILL, not something that happened in 2001: from `fromMs` until `toMs` (event time, epoch milliseconds; without `toMs`
 * for good) the upstream feed sends kilometres where it sent miles, and no origin for three big airports. Labels, times
 * and keys stay as they were.
 */
export function brokenFeed({
  fromMs,
  toMs = Number.POSITIVE_INFINITY,
}: {
  fromMs: number
  toMs?: number
}): ReplayTransform {
  const dropped: ReadonlySet<string> = new Set(busiestOrigins)
  return (event) => {
    if (event.eventTimeMs < fromMs || event.eventTimeMs >= toMs) return event
    const { distance, origin } = event.features
    return {
      ...event,
      features: {
        ...event.features,
        distance: distance === null ? null : distance * kilometresPerMile,
        origin: origin !== null && dropped.has(origin) ? null : origin,
      },
    }
  }
}
