import { formatClock, formatDay } from '../format.ts'
import { placeOf } from './geometry.ts'
import type { ChartModel, Threshold } from './model.ts'
import s from './chart.module.css'

const dayMs = 86_400_000

/** The text over the plot, in HTML so that it never stretches, and the cursor. */
export function Overlay({ chart, index }: { chart: ChartModel; index: number | null }) {
  const empty = chart.series.every((one) => one.values.every((value) => value === null))
  return (
    <>
      {chart.yTicks.map((tick) => (
        <span key={tick.at} className={s.yTick} style={{ top: percent(tick.at) }}>
          {tick.label}
        </span>
      ))}
      {chart.thresholds.map((limit) => (
        <span
          key={limit.label}
          className={s.limitLabel}
          data-side={sideOf(chart, limit)}
          data-below={limit.at < 0.1 || undefined}
          style={{ top: percent(limit.at) }}
        >
          {limit.label}
        </span>
      ))}
      {chart.marks.map((mark) => (
        <span
          key={`${mark.at} ${mark.label}`}
          className={s.markLabel}
          data-side={mark.at > 0.9 ? 'left' : undefined}
          style={{ left: percent(mark.at) }}
        >
          {mark.label}
        </span>
      ))}
      {empty && <span className={s.none}>No data in this range</span>}
      {index !== null && <Cursor chart={chart} index={index} />}
    </>
  )
}

function Cursor({ chart, index }: { chart: ChartModel; index: number }) {
  const place = placeOf(chart, index)
  const atMs = chart.startMs + index * chart.stepMs
  const daily = chart.stepMs >= dayMs
  const missing = chart.series.every((one) => (one.values[index] ?? null) === null)
  return (
    <div className={s.cursor} style={{ left: percent(place) }}>
      {chart.shape === 'line' &&
        chart.series.map((one) => {
          const value = one.values[index] ?? null
          if (value === null) return null
          const top = percent(1 - (value - chart.low) / (chart.high - chart.low))
          return <i key={one.id} data-hue={one.hue} style={{ top }} />
        })}
      <span data-side={place > 0.75 ? 'left' : undefined}>
        {daily ? formatDay(atMs, chart.timeZone) : formatClock(atMs, chart.timeZone)}
        {missing && ', no data'}
      </span>
    </div>
  )
}

/** A limit's label moves to the left edge when a line runs into the limit at the right one. */
function crowded(chart: ChartModel, limit: Threshold): boolean {
  const near = (chart.high - chart.low) * 0.12
  const from = Math.floor(chart.length * 0.75)
  return chart.series.some((one) =>
    one.values.slice(from).some((value) => value !== null && Math.abs(value - limit.value) < near),
  )
}

/** Where two limits are so close that their labels would cover each other, the lower one's stands at the other edge. */
function sideOf(chart: ChartModel, limit: Threshold): 'left' | undefined {
  const above = chart.thresholds.find((other) => other.at < limit.at && limit.at - other.at < 0.14)
  const left = above ? !crowded(chart, above) : crowded(chart, limit)
  return left ? 'left' : undefined
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`
}
