import { z } from 'zod'

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `90s`, `15m`, `12h` or `14d`, in seconds. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, { error: 'must be a duration such as 30m, 12h or 14d' })
  .transform((text) => Number(text.slice(0, -1)) * (seconds[text.at(-1) ?? 's'] ?? 1))

/** The same, at most so many seconds. */
export function durationUpTo(secondsMax: number, words: string) {
  return duration.refine((s) => s <= secondsMax, { error: `must be at most ${words}` })
}
