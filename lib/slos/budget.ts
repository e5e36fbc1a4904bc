/** Exact sums over a window: events that met the objective, and all of them. */
export type Counts = { good: number; total: number }

export type Budget = {
  good: number
  total: number
  /** The share of good events; null without events. */
  sli: number | null
  /** 1: nothing spent; 0: spent; below 0: overspent. Null without events. */
  left: number | null
  /** Seconds until it is spent at the present burn rate; 0 when it is spent, null when it would last or nothing is known. */
  exhaustedInSeconds: number | null
}

/** Whether the sums can be true at all: whole numbers, and no more good events than there were. */
export function isSound({ good, total }: Counts): boolean {
  return Number.isSafeInteger(good) && Number.isSafeInteger(total) && good >= 0 && good <= total
}

/** The share of good events, or null without events: an idle service is neither good nor bad. */
export function sliOf({ good, total }: Counts): number | null {
  return total === 0 ? null : good / total
}

/**
 * How many times faster than allowed the budget is spent: error ratio / (1 - target); 1 spends it exactly within the
 * objective's window (SRE workbook, chapter 5, "Burn rate"). Null without events.
 */
export function burnRateOf({ good, total }: Counts, target: number): number | null {
  return total === 0 ? null : (total - good) / total / allowedRatio(target)
}

/**
 * The burn rate at which `budgetPercent` of the budget is spent within the long window: percent × period / window. For 30
 * days, 2 % in 1 h is 14.4, 5 % in 6 h is 6, 10 % in 1 d is 3 and 10 % in 3 d is 1 (SRE workbook, table 5-8).
 */
export function burnFactor(budgetPercent: number, longSeconds: number, windowSeconds: number): number {
  return (budgetPercent * windowSeconds) / (100 * longSeconds)
}

/** What is left of the error budget over the objective's window, at the burn rate of the present. */
export function budgetOf(
  counts: Counts,
  objective: { target: number; windowSeconds: number },
  burnRate: number | null,
): Budget {
  const spent = burnRateOf(counts, objective.target)
  const left = spent === null ? null : 1 - spent
  return {
    ...counts,
    sli: sliOf(counts),
    left,
    exhaustedInSeconds: exhaustion(left, burnRate, objective.windowSeconds),
  }
}

function exhaustion(left: number | null, burnRate: number | null, windowSeconds: number): number | null {
  if (left === null) return null
  if (left <= 0) return 0
  return burnRate === null || burnRate === 0 ? null : (left * windowSeconds) / burnRate
}

// 1 - 0.999 is 0.0010000000000000009 in binary: 12 digits are more than any objective has.
function allowedRatio(target: number): number {
  return Number((1 - target).toPrecision(12))
}
