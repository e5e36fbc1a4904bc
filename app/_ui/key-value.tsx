import type { ReactNode } from 'react'
import s from './small.module.css'

export type KeyValueProps = { items: readonly { label: string; value: ReactNode }[]; columns?: 1 | 2 | 3 }

/** Facts by name. */
export function KeyValue({ items, columns = 1 }: KeyValueProps) {
  return (
    <dl className={s.keyValue} data-columns={columns}>
      {items.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** What is not known, and why: never a dash, never 0. */
export function Unknown({ because }: { because: string }) {
  return (
    <span className={s.unknown} title={because}>
      unknown<span className={s.because}>, {because}</span>
    </span>
  )
}
