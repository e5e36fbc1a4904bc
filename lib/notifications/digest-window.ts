import { Cron } from 'croner'
import type { Timing } from './model.ts'

/**
 * When a mail that is due for somebody goes out: at once, at the next full hour of their zone, or the next time their clock
 * shows the hour of their digest. A time that daylight saving skips comes when the clock has gone on; one that it repeats
 * comes the first time only, so a day has one digest whether it has 23, 24 or 25 hours.
 */
export function nextDelivery(timing: Timing, preference: { timeZone: string; digestHour: number }, now: Date): Date {
  if (timing === 'at-once') return now
  const pattern = timing === 'hourly' ? '0 * * * *' : `0 ${preference.digestHour} * * *`
  const next = new Cron(pattern, { timezone: preference.timeZone, paused: true }).nextRun(now)
  if (!next) throw new RangeError(`no next digest for ${timing} in ${preference.timeZone}`)
  return next
}
