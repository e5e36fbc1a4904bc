import { memo } from 'react'
import { bandPath, barsOf, gaps, linePath, plotHeight as H, yOf } from './geometry.ts'
import type { ChartModel, Threshold } from './model.ts'
import s from './chart.module.css'

/** Everything in the plot that the cursor does not change. It stretches to its box, so widths do not scale. */
export const Plot = memo(function Plot({ model }: { model: ChartModel }) {
  const line = model.shape === 'line'
  const width = line ? Math.max(1, model.length - 1) : Math.max(1, model.length)
  return (
    <svg className={s.svg} viewBox={`0 0 ${width} ${H}`} preserveAspectRatio="none" aria-hidden="true">
      {model.yTicks.map((tick) => (
        <path key={tick.at} className={s.grid} d={`M0 ${Math.round(tick.at * H)}H${width}`} />
      ))}
      {model.thresholds.map((limit) => (
        <Limit key={limit.label} limit={limit} width={width} />
      ))}
      {gaps(model.series).map(([from, to]) => {
        const start = line ? Math.max(0, from - 1) : from
        return <rect key={from} className={s.gap} x={start} width={Math.min(width, to) - start} height={H} />
      })}
      {model.marks.map((mark) => (
        <path key={`${mark.at} ${mark.label}`} className={s.mark} d={`M${mark.at * width} 0V${H}`} />
      ))}
      {line ? <Lines model={model} /> : <Bars model={model} />}
    </svg>
  )
})

function Limit({ limit, width }: { limit: Threshold; width: number }) {
  const y = Math.round(limit.at * H)
  return (
    <>
      {limit.breach !== 'none' && (
        <rect
          className={s.breach}
          width={width}
          y={limit.breach === 'above' ? 0 : y}
          height={limit.breach === 'above' ? Math.max(0, y) : Math.max(0, H - y)}
        />
      )}
      <path className={s.limit} d={`M0 ${y}H${width}`} />
    </>
  )
}

function Lines({ model }: { model: ChartModel }) {
  const y = (value: number) => yOf(model, value)
  return (
    <>
      {model.series.map(
        ({ id, hue, band }) =>
          band && <path key={id} className={s.band} data-hue={hue} d={bandPath(band.low, band.high, y)} />,
      )}
      {model.series.map(({ id, hue, values, estimated }) => (
        <path
          key={id}
          className={s.line}
          data-hue={hue}
          data-estimated={estimated || undefined}
          d={linePath(values, y)}
        />
      ))}
    </>
  )
}

function Bars({ model }: { model: ChartModel }) {
  return barsOf(model).map((bar) => (
    <rect
      key={`${bar.series} ${bar.index}`}
      className={s.bar}
      data-hue={model.series[bar.series]?.hue}
      x={bar.x}
      y={bar.y}
      width={bar.width}
      height={bar.height}
    />
  ))
}
