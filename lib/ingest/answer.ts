import type { EventRejection } from '#lib/telemetry/events.ts'

/**
 * What a sender is told: how many events count, and why the others do not. An event whose values do not fit the profile of a drift
 * monitor is in both, as `partial`: it counts everywhere but in drift.
 */
export type Answer = {
  accepted: number
  /** In the order of the events, the first thousand. */
  rejected: EventRejection[]
  /** How many more were rejected than are listed. */
  rejectedMore?: number
  /** True when this batch was folded before: this is the answer that it got then. */
  duplicate?: true
}

export const rejectionsListed = 1000

export function answerOf(accepted: number, rejected: readonly EventRejection[]): Answer {
  const listed = [...rejected].sort((a, b) => a.index - b.index).slice(0, rejectionsListed)
  const more = rejected.length - listed.length
  return { accepted, rejected: listed, ...(more > 0 ? { rejectedMore: more } : {}) }
}
