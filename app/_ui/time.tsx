import { formatAgo, formatInstant } from './format.ts'

export type AgoProps = { atMs: number; nowMs: number; timeZone?: string }

/** A moment as its distance from now, with the instant in the tooltip. Stands still until the page is fetched again. */
export function Ago({ atMs, nowMs, timeZone = 'UTC' }: AgoProps) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatInstant(atMs, timeZone)}>
      {formatAgo(atMs, nowMs)}
    </time>
  )
}

/** A moment in full, for records and prints. */
export function Instant({ atMs, timeZone = 'UTC' }: Omit<AgoProps, 'nowMs'>) {
  return <time dateTime={new Date(atMs).toISOString()}>{formatInstant(atMs, timeZone)}</time>
}
