const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * An instant as it stands in an address: `now`, `now-24h` (minutes, hours or days back) or RFC 3339. Undefined for what is
 * none of these.
 */
export function parseInstant(text: string | undefined, nowMs: number): Date | undefined {
  if (text === undefined) return undefined
  const back = /^now(?:-([1-9]\d{0,4})([mhd]))?$/.exec(text)
  if (back) {
    const [, count, unit] = back
    return new Date(nowMs - (count === undefined ? 0 : Number(count) * unitMs[unit as keyof typeof unitMs]))
  }
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(atMs) ? undefined : new Date(atMs)
}

export const ranges = [
  { from: '', label: 'Any time' },
  { from: 'now-1h', label: 'Last hour' },
  { from: 'now-24h', label: 'Last 24 hours' },
  { from: 'now-7d', label: 'Last 7 days' },
  { from: 'now-30d', label: 'Last 30 days' },
] as const
