import { linePath } from './chart/geometry.ts'
import type { Values } from './chart/model.ts'
import s from './small.module.css'

const height = 20

export type SparklineProps = {
  values: Values
  /** What the line shows, for those who cannot see it; the latest value stands beside it as text. */
  label: string
  /** The line of alarm; reached by the last value, the spark takes the warning's hue. */
  limit?: number
  /** The value at the top edge; the data's own maximum or the limit when absent. */
  high?: number
}

/** A small history in a table row, from zero upwards; a missing value is a gap. */
export function Sparkline({ values, label, limit, high }: SparklineProps) {
  const known = values.filter((value) => value !== null)
  const top = high ?? (Math.max(0, limit ?? 0, ...known) * 1.05 || 1)
  const y = (value: number) => Math.round(height - 1 - (Math.min(Math.max(0, value), top) / top) * (height - 2))
  const hot = limit !== undefined && (known.at(-1) ?? 0) >= limit
  const width = Math.max(1, values.length - 1)
  return (
    <svg
      className={s.spark}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      data-hot={hot ? '' : undefined}
    >
      {limit !== undefined && <path className={s.sparkLimit} d={`M0 ${y(limit)}H${width}`} />}
      <path d={linePath(values, y)} />
    </svg>
  )
}
