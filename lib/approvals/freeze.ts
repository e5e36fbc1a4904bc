import { Cron } from 'croner'

/** A window in which nothing new begins to serve: from each time of the cron expression on, for so many seconds. */
export type Freeze = { cron: string; duration: number; timezone: string; overrideBy: readonly string[] }

export type FreezeNow = { from: Date; until: Date; window: Freeze }

const startsMax = 200

/**
 * The freeze in force at `now`, and when it ends: the one that ends last, with windows that follow each other without a gap
 * taken as one. Starts are wall-clock times in the window's zone (IANA; a time that daylight saving skips starts when the
 * clock has gone on, one that it repeats starts the first time); a duration is elapsed time, so 62 h from Friday 16:00 end at
 * 05:00 or 07:00 on a Monday after the clocks were changed.
 */
export function freezeAt(windows: readonly Freeze[], now: Date): FreezeNow | undefined {
  const active = windows.flatMap((window) => {
    const until = endOf(window, now)
    return until ? [{ ...until, window }] : []
  })
  return active.sort((a, b) => b.until.getTime() - a.until.getTime())[0]
}

/** May somebody who holds these roles act in spite of it? */
export function mayOverride(freeze: FreezeNow, roles: readonly string[]): boolean {
  return freeze.window.overrideBy.some((role) => roles.includes(role))
}

/** Whether croner understands the expression and the runtime knows the zone; a sentence if not. */
export function whyNoFreeze(cron: string, timezone: string): string | undefined {
  if (cron.trim().split(/\s+/).length !== 5) return 'must be a cron expression of five fields such as 0 16 * * 5'
  try {
    new Cron(cron, { timezone, paused: true }).nextRun()
    return undefined
  } catch (error) {
    return `must be a cron expression and an IANA time zone: ${error instanceof Error ? error.message : 'unreadable'}`
  }
}

// A window is open at `now` when it started within its duration before now. Overlapping starts prolong it.
function endOf(window: Freeze, now: Date): { from: Date; until: Date } | undefined {
  const cron = new Cron(window.cron, { timezone: window.timezone, paused: true })
  const lengthMs = window.duration * 1000
  let start = cron.nextRun(new Date(now.getTime() - lengthMs))
  if (!start || start > now) return undefined
  const from = start
  let until = start.getTime() + lengthMs
  for (let n = 0; n < startsMax; n++) {
    start = cron.nextRun(start)
    if (!start || start.getTime() > until) break
    until = start.getTime() + lengthMs
  }
  return { from, until: new Date(until) }
}
