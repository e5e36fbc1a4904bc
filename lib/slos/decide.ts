import { budgetOf, burnFactor, burnRateOf, isSound, sliOf, type Budget, type Counts } from './budget.ts'
import type { Alert } from './policy.ts'

export type SloState = 'no-data' | 'ok' | 'burning'
export type Severity = Alert['severity']

/** Exact sums over the windows that end now, by their length in seconds: all that an evaluation looks at. */
export type SloObservation = {
  target: number
  windowSeconds: number
  alerts: readonly Alert[]
  minimumEvents: number
  windows: readonly (Counts & { seconds: number })[]
}

/** firing: both windows burn too fast. calm: not so. idle: it burned, and nothing came since. few: too few to judge. */
export type AlertVerdict = {
  severity: Severity
  longSeconds: number
  shortSeconds: number
  factor: number
  longRate: number | null
  shortRate: number | null
  verdict: 'firing' | 'calm' | 'idle' | 'few'
}

export type SloDecision = {
  state: SloState
  /** Of what burns; null otherwise. */
  severity: Severity | null
  because: string
  /** What would change the decision. */
  unless: string
  budget: Budget | null
  alerts: AlertVerdict[]
  windows: (Counts & { seconds: number; sli: number | null; burnRate: number | null })[]
}

/**
 * Does the objective burn? Multi-window, multi-burn-rate (SRE workbook, chapter 5, approach 6): an alert fires while the
 * long and the short window both burn faster than its factor. Missing data is never success: with too few events in
 * the shortest long window, or with silence after a burn, it is `no-data`, which neither pages nor says that all is well:
 * longer windows are calm long before a burn has ended that nobody could see any more. Pure and total.
 */
export function decideSlo(observation: SloObservation): SloDecision {
  const { target, windowSeconds, minimumEvents } = observation
  const unsound = observation.windows.find((w) => !isSound(w))
  if (unsound) return dataError(unsound)
  const windows = observation.windows.map((w) => ({ ...w, sli: sliOf(w), burnRate: burnRateOf(w, target) }))
  const alerts = observation.alerts.map((alert) => judge(alert, observation))
  const shortestLong = observation.alerts.reduce<number>((least, a) => Math.min(least, a.long), windowSeconds)
  const present = windows.find((w) => w.seconds === shortestLong)?.burnRate ?? null
  const budget = budgetOf(countsOf(observation, windowSeconds), { target, windowSeconds }, present)
  return { ...conclude(alerts, { minimumEvents, shortestLong }), budget, alerts, windows }
}

function judge(alert: Alert, o: SloObservation): AlertVerdict {
  const [long, short] = [countsOf(o, alert.long), countsOf(o, alert.short)]
  const factor = burnFactor(alert.budgetPercent, alert.long, o.windowSeconds)
  const [longRate, shortRate] = [burnRateOf(long, o.target), burnRateOf(short, o.target)]
  const base = { severity: alert.severity, longSeconds: alert.long, shortSeconds: alert.short, factor }
  return { ...base, longRate, shortRate, verdict: verdictOf({ long, factor, longRate, shortRate }, o.minimumEvents) }
}

function verdictOf(
  judged: { long: Counts; factor: number; longRate: number | null; shortRate: number | null },
  minimumEvents: number,
): AlertVerdict['verdict'] {
  const { long, factor, longRate, shortRate } = judged
  if (long.total < minimumEvents || longRate === null) return 'few'
  if (longRate <= factor) return 'calm'
  if (shortRate === null) return 'idle'
  return shortRate > factor ? 'firing' : 'calm'
}

function conclude(
  alerts: readonly AlertVerdict[],
  { minimumEvents, shortestLong }: { minimumEvents: number; shortestLong: number },
): Pick<SloDecision, 'state' | 'severity' | 'because' | 'unless'> {
  const firing = alerts.find((a) => a.verdict === 'firing' && a.severity === 'page') ?? alerts.find(isFiring)
  if (firing) {
    const [long, short] = [firing.longSeconds, firing.shortSeconds].map(formatDuration)
    return {
      state: 'burning',
      severity: firing.severity,
      because: `The error budget is spent ${rate(firing.longRate)} times as fast as allowed over ${long} and ${rate(firing.shortRate)} times over ${short}; from ${rate(firing.factor)} times on it is a ${firing.severity}.`,
      unless: `It ends when the rate over ${long} or over ${short} falls to ${rate(firing.factor)} or below.`,
    }
  }
  const idle = alerts.find((a) => a.verdict === 'idle')
  if (idle) {
    const because = `It burned ${rate(idle.longRate)} times as fast as allowed over ${formatDuration(idle.longSeconds)}, and no request came in the last ${formatDuration(idle.shortSeconds)}.`
    return { state: 'no-data', severity: null, because, unless: 'The next requests decide whether it still burns.' }
  }
  if (alerts.every((a) => a.longSeconds > shortestLong || a.verdict === 'few')) {
    const because = `Fewer than ${minimumEvents} requests came in the last ${formatDuration(shortestLong)}: too few to say how it is now.`
    return { state: 'no-data', severity: null, because, unless: 'More requests would make it possible to judge.' }
  }
  const because = 'No alert has both its windows burning faster than its factor.'
  const unless = `It burns when ${alerts.map((a) => `${formatDuration(a.longSeconds)} and ${formatDuration(a.shortSeconds)} pass ${rate(a.factor)}`).join(', or ')}.`
  return { state: 'ok', severity: null, because, unless }
}

function isFiring(alert: AlertVerdict): boolean {
  return alert.verdict === 'firing'
}

function dataError(window: Counts & { seconds: number }): SloDecision {
  const because = `The data cannot be true: ${window.good} good events of ${window.total} in ${formatDuration(window.seconds)}.`
  const unless = 'It is judged again when the counts are right.'
  return { state: 'no-data', severity: null, because, unless, budget: null, alerts: [], windows: [] }
}

function countsOf(o: SloObservation, seconds: number): Counts {
  const found = o.windows.find((w) => w.seconds === seconds)
  return { good: found?.good ?? 0, total: found?.total ?? 0 }
}

/** `90 s` as `90s`, whole minutes, hours and days as such. */
export function formatDuration(seconds: number): string {
  const unit = (
    [
      ['d', 86_400],
      ['h', 3600],
      ['m', 60],
    ] as const
  ).find(([, size]) => seconds % size === 0)
  return unit ? `${seconds / unit[1]}${unit[0]}` : `${seconds}s`
}

function rate(value: number | null): string {
  return value === null ? 'no' : String(Number(value.toPrecision(3)))
}
