import type { CSSProperties } from 'react'
import s from './states.module.css'

/** Holds a block's place while it loads, so that nothing moves when it comes. Size it as what will stand there. */
function Skeleton({ heightPx, widthPx, label }: { heightPx: number; widthPx?: number; label?: string }) {
  const style: CSSProperties = { height: heightPx, ...(widthPx ? { width: widthPx } : {}) }
  return (
    <span
      className={s.skeleton}
      style={style}
      {...(label ? { role: 'status', 'aria-label': label, 'aria-busy': true } : {})}
    >
      {label && <span className="sr">{label}</span>}
    </span>
  )
}

/** As high as a table of that many rows with its head. */
export function TableSkeleton({ rows, label }: { rows: number; label: string }) {
  return (
    <output className={s.rows} aria-label={label} aria-busy>
      <span className="sr">{label}</span>
      {Array.from({ length: rows + 1 }, (_, i) => (
        <span key={i} className={s.row}>
          <span className={s.skeleton} style={{ width: `${[62, 48, 71, 55][i % 4]}%`, height: 10 }} />
        </span>
      ))}
    </output>
  )
}
