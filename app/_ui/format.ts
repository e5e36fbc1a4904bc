/** Between a number and its unit: they never part at the end of a line. */
const nbsp = '\u00a0'
const minus = '\u2212'

/** A number with a fixed count of decimals and its unit, e.g. `1,164 req/s`. */
export function formatNumber(value: number, unit = '', digits = 0): string {
  const text = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  const negative = value < 0 && /[1-9]/.test(text)
  return `${negative ? minus : ''}${text}${unit && nbsp + unit}`
}

/** A difference, always with its sign: `+1.2 ms`, `−0.4 ms`, `±0.0 ms`. */
export function formatDelta(value: number, unit = '', digits = 0): string {
  const text = formatNumber(value, unit, digits)
  if (!/[1-9]/.test(Math.abs(value).toFixed(digits))) return `±${text}`
  return value > 0 ? `+${text}` : text
}

/** An interval: `80.2 to 87.6 ms`. */
export function formatInterval(low: number, high: number, unit = '', digits = 0): string {
  return `${formatNumber(low, '', digits)} to ${formatNumber(high, unit, digits)}`
}

/** A count in full up to 9,999 and with three figures above: `12.3 k`, `4.56 M` (SI prefixes, powers of 1000). */
export function formatCount(value: number | bigint): string {
  const number = Number(value)
  if (Math.abs(number) < 10_000) return formatNumber(number)
  return scaled(number, 1000, ['', 'k', 'M', 'G', 'T', 'P'])
}

/** Bytes in binary units (KiB = 1024) or, for storage that is sold so, SI units (kB = 1000). */
export function formatBytes(bytes: number | bigint, system: 'binary' | 'si' = 'binary'): string {
  return system === 'binary'
    ? scaled(Number(bytes), 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'])
    : scaled(Number(bytes), 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'])
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let rest = Math.abs(value)
  let power = 0
  // 999.5 of a unit would be printed as 1,000, so it already belongs to the next.
  while (rest >= base - 0.5 && power < units.length - 1) {
    rest /= base
    power++
  }
  const digits = power === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2
  return formatNumber(value < 0 ? -rest : rest, units[power] ?? '', digits)
}

/**
 * A share as a percentage with the decimals its sample supports: the last digit shown is not finer than the standard
 * error of the proportion, sqrt(p(1-p)/n), with p moved towards one half by two successes and two failures (Agresti and
 * Coull 1998) so that 0 of n has an error too. A share that is neither none nor all is never printed as 0 % or 100 %.
 */
export function formatPercent(ratio: number, sampleSize: number): string {
  if (!(sampleSize > 0) || !Number.isFinite(ratio)) return 'unknown'
  const p = (ratio * sampleSize + 2) / (sampleSize + 4)
  const errorPercent = 100 * Math.sqrt((p * (1 - p)) / (sampleSize + 4))
  const supported = Math.min(3, Math.max(0, Math.floor(-Math.log10(errorPercent))))
  const percent = ratio * 100
  for (let digits = supported; digits <= 3; digits++) {
    const shown = Number(percent.toFixed(digits))
    const collapsed = (shown === 0 && ratio > 0) || (shown === 100 && ratio < 1)
    if (!collapsed) return formatNumber(percent, '%', digits)
  }
  return ratio < 0.5 ? `< ${formatNumber(0.001, '%', 3)}` : `> ${formatNumber(99.999, '%', 3)}`
}

const picoPerUnit = 10n ** 12n

/**
 * Money from integers of 10⁻¹² of the currency's unit, exact to the last digit shown: cents from one cent upwards, two
 * significant figures below (`$0.00041`). Rounds half away from zero.
 */
export function formatMoney(amountPico: bigint, currency: string, options: { signed?: boolean } = {}): string {
  const size = amountPico < 0n ? -amountPico : amountPico
  const digits = size === 0n || size >= picoPerUnit / 100n ? 2 : Math.min(12, 14 - String(size).length)
  const step = 10n ** BigInt(12 - digits)
  const rounded = ((size + step / 2n) / step) * step
  const whole = rounded / picoPerUnit
  const fraction = String(rounded % picoPerUnit).padStart(12, '0')
  const text = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(`${whole}.${fraction}` as `${number}`)
  if (amountPico < 0n) return minus + text
  return options.signed && amountPico > 0n ? `+${text}` : text
}

const spans = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1000 },
] as const

/** A duration in its two largest units: `350 ms`, `4.2 s`, `3 min 20 s`, `2 d 4 h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.abs(durationMs)
  const sign = durationMs < 0 ? minus : ''
  if (ms < 999.5) return `${sign}${Math.round(ms)}${nbsp}ms`
  if (ms < 9_950) return `${sign}${(ms / 1000).toFixed(1).replace(/\.0$/, '')}${nbsp}s`
  const seconds = Math.round(ms / 1000) * 1000
  const at = spans.findIndex((span) => seconds >= span.ms)
  const large = spans[at] ?? spans[3]
  const small = spans[at + 1]
  const first = `${sign}${Math.floor(seconds / large.ms)}${nbsp}${large.unit}`
  const rest = small ? Math.floor((seconds % large.ms) / small.ms) : 0
  return rest > 0 && small ? `${first}${nbsp}${rest}${nbsp}${small.unit}` : first
}

/** How long ago, in one unit: `now`, `12 s ago`, `4 min ago`, `3 h ago`, `9 d ago`; ahead of now, `in 5 min`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - atMs) / 1000)
  const size = Math.abs(seconds)
  if (size < 2) return 'now'
  const text =
    size < 60
      ? `${size}${nbsp}s`
      : size < 90 * 60
        ? `${Math.round(size / 60)}${nbsp}min`
        : size < 48 * 3600
          ? `${Math.round(size / 3600)}${nbsp}h`
          : `${Math.round(size / 86_400)}${nbsp}d`
  return seconds > 0 ? `${text} ago` : `in ${text}`
}

/** An instant in full: `2026-11-22 13:30:05 UTC`, or in another IANA zone with that zone's short name. */
export function formatInstant(atMs: number, timeZone = 'UTC'): string {
  const part = instantParts(atMs, timeZone, true)
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`
}

/** Hours and minutes in that zone: `13:30`. */
export function formatClock(atMs: number, timeZone = 'UTC'): string {
  const part = instantParts(atMs, timeZone, false)
  return `${part.hour}:${part.minute}`
}

/** Day and month in that zone: `22 Nov`. */
export function formatDay(atMs: number, timeZone = 'UTC'): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short' }).format(atMs)
}

function instantParts(atMs: number, timeZone: string, named: boolean): Partial<Record<string, string>> {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...(named ? { timeZoneName: 'short' as const } : {}),
  })
  return Object.fromEntries(format.formatToParts(atMs).map((part) => [part.type, part.value]))
}

/** The head of a digest or of an id's random part, long enough to tell rows apart: `sha256:5b1e09c2…`. */
export function shortDigest(digest: string, length = 8): string {
  const colon = digest.indexOf(':')
  const body = digest.slice(colon + 1)
  if (body.length <= length + 1) return digest
  return `${digest.slice(0, colon + 1)}${body.slice(0, length)}…`
}
