/** Counters of one process that no entry has: `from` to `to`, both included. */
export type CounterGap = { readonly instance: string; readonly from: number; readonly to: number }

export type CounterReport = {
  /** Processes that have written entries of this log. */
  readonly instances: number
  readonly missing: number
  /** At most `gapsMax`, in the order in which their processes appear. */
  readonly gaps: readonly CounterGap[]
}

const gapsMax = 100

type Seen = { next: number; ahead: Set<number> }

/**
 * Follows the counters that each process puts into its entries. Each starts at 1 and rises by one, so a number that no entry
 * has is an entry that was taken out before the log gave it its place, or a transaction that failed at its very end. In
 * the order of the log counters come nearly sorted; what is held is only what came before its turn.
 */
export function followCounters(): {
  /** False when this process has used the counter before: an honest one never does. */
  hear(process: { instance: string; counter: number }): boolean
  report(): CounterReport
} {
  const seen = new Map<string, Seen>()
  return {
    hear({ instance, counter }) {
      const state = seen.get(instance) ?? { next: 1, ahead: new Set<number>() }
      seen.set(instance, state)
      if (counter < state.next || state.ahead.has(counter)) return false
      state.ahead.add(counter)
      while (state.ahead.delete(state.next)) state.next++
      return true
    },
    report() {
      const gaps: CounterGap[] = []
      let missing = 0
      for (const [instance, { next, ahead }] of seen) {
        let from = next
        for (const counter of [...ahead].sort((a, b) => a - b)) {
          if (counter > from) {
            missing += counter - from
            if (gaps.length < gapsMax) gaps.push({ instance, from, to: counter - 1 })
          }
          from = counter + 1
        }
      }
      return { instances: seen.size, missing, gaps }
    },
  }
}
