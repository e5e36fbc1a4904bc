'use client'
import { useId, useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from 'react'
import { formatInstant, formatNumber } from '../format.ts'
import { ChartData } from './chart-data.tsx'
import { setCursor, useCursor } from './cursor.ts'
import { indexAt, indexOfTime, lastKnown } from './geometry.ts'
import type { ChartModel } from './model.ts'
import { Overlay } from './overlay.tsx'
import { Plot } from './plot.tsx'
import s from './chart.module.css'

export type TimeSeriesProps = { chart: ChartModel; heightPx?: number }

/**
 * One chart: lines, bars or stacks with limits, marks and gaps. All charts of a page share the cursor; values stand in
 * the header and never over the plot. Arrow keys step it, with Shift ten at a time; what it shows is read out.
 */
export function TimeSeries({ chart, heightPx = 176 }: TimeSeriesProps) {
  const atMs = useCursor()
  const index = atMs === null ? null : indexOfTime(chart, atMs)
  const [spoken, setSpoken] = useState('')
  const hint = useId()
  const move = (to: number) => setCursor(chart.startMs + to * chart.stepMs)

  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    if (chart.length > 0 && box.width > 0) move(indexAt(chart, (event.clientX - box.left) / box.width))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setCursor(null)
    const next = keyTarget(event, index ?? chart.length - 1, chart.length)
    if (next === null) return
    event.preventDefault()
    move(next)
    setSpoken(sentenceAt(chart, next))
  }
  return (
    <figure className={s.chart}>
      <Header chart={chart} index={index} />
      <div className={s.frame} style={{ '--plot-height': `${heightPx}px` } as CSSProperties}>
        {/* One stop in the tab order, stepped through by arrow keys as a slider is; a fieldset would be a form's. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- see above */}
        <div
          className={s.plot}
          // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- see above
          role="group"
          aria-roledescription="chart"
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
          tabIndex={0}
          aria-label={summary(chart)}
          aria-describedby={hint}
          onPointerMove={onPointerMove}
          onPointerLeave={() => setCursor(null)}
          onKeyDown={onKeyDown}
          onBlur={() => setCursor(null)}
        >
          <Plot model={chart} />
          <Overlay chart={chart} index={index} />
        </div>
        {chart.xTicks.map((tick) => (
          <span key={tick.at} className={s.xTick} style={{ '--at': tick.at } as CSSProperties}>
            {tick.label}
          </span>
        ))}
      </div>
      <span id={hint} hidden>
        Arrow keys move the cursor by one value, with Shift by ten; Home and End go to the ends.
      </span>
      <span className="sr" aria-live="polite">
        {spoken}
      </span>
      <ChartData chart={chart} />
    </figure>
  )
}

function Header({ chart, index }: { chart: ChartModel; index: number | null }) {
  return (
    <figcaption className={s.head}>
      <span className={s.title}>
        {chart.title}
        {chart.unit && <small>{chart.unit}</small>}
      </span>
      {chart.series.map((one) => {
        const value = index === null ? lastKnown(one.values) : (one.values[index] ?? null)
        return (
          <span key={one.id} className={s.key} data-hue={one.hue} data-estimated={one.estimated || undefined}>
            {one.label}
            {one.estimated && ' (estimate)'}
            <b>{value === null ? 'no data' : formatNumber(value, '', chart.digits)}</b>
          </span>
        )
      })}
    </figcaption>
  )
}

function keyTarget(event: KeyboardEvent, here: number, length: number): number | null {
  const step = event.shiftKey ? 10 : 1
  const targets: Record<string, number> = { ArrowLeft: here - step, ArrowRight: here + step, Home: 0, End: length - 1 }
  const target = targets[event.key]
  return target === undefined || length === 0 ? null : Math.min(length - 1, Math.max(0, target))
}

function sentenceAt(chart: ChartModel, index: number): string {
  const values = chart.series.map((one) => `${one.label} ${shown(chart, one.values[index] ?? null)}`)
  return `${formatInstant(chart.startMs + index * chart.stepMs, chart.timeZone)}: ${values.join(', ')}`
}

function summary(chart: ChartModel): string {
  const values = chart.series.map((one) => `${one.label} last ${shown(chart, lastKnown(one.values))}`)
  const limits = chart.thresholds.map((limit) => `${limit.label} ${shown(chart, limit.value)}`)
  return `${chart.title}: ${[...values, ...limits].join(', ')}`
}

function shown(chart: ChartModel, value: number | null): string {
  return value === null ? 'no data' : formatNumber(value, chart.unit, chart.digits)
}
