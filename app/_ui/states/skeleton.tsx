import s from './states.module.css'

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
