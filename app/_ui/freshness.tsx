import { Icon } from './icon.tsx'
import { TickingAgo } from './ticking-ago.tsx'
import s from './small.module.css'

export type FreshnessProps = {
  /** Event time of the newest datum behind the panel; null when there is none. */
  asOfMs: number | null
  nowMs: number
  /** Older than this is late. */
  lateAfterMs: number
  /** Where the data comes from, e.g. "Prometheus". */
  source?: string
}

/** How old a live panel's data is; late data says so with a mark and a word. */
export function Freshness({ asOfMs, nowMs, lateAfterMs, source }: FreshnessProps) {
  const from = source ? ` from ${source}` : ''
  if (asOfMs === null) {
    return (
      <span className={s.freshness} data-late="">
        <Icon name="alert" size={12} />
        No data{from} yet
      </span>
    )
  }
  const late = nowMs - asOfMs > lateAfterMs
  return (
    <span className={s.freshness} data-late={late ? '' : undefined}>
      <Icon name={late ? 'alert' : 'clock'} size={12} />
      <span>
        {late ? 'Late: data' : 'Data'}
        {from} as of <TickingAgo atMs={asOfMs} nowMs={nowMs} />
      </span>
    </span>
  )
}
