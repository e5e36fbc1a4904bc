import { useId, type ReactNode } from 'react'
import s from './layout.module.css'

export type PanelProps = {
  title?: ReactNode
  /** Names the panel when it shows no title. */
  label?: string
  /** At the right of the title: freshness, a link, a digest. */
  aside?: ReactNode
  children: ReactNode
  /** Space around the content; tables and charts bring their own. */
  padded?: boolean
  /** Its data goes grey while the live stream is down. */
  live?: boolean
}

/** A section with a border, for what belongs together. */
export function Panel({ title, label, aside, children, padded = false, live = false }: PanelProps) {
  const id = useId()
  return (
    <section
      className={s.panel}
      {...(title ? { 'aria-labelledby': id } : { 'aria-label': label })}
      data-live-region={live ? '' : undefined}
    >
      {(title || aside) && (
        <div className={s.panelHead}>
          {title && <h2 id={id}>{title}</h2>}
          {aside && <div className={s.aside}>{aside}</div>}
        </div>
      )}
      {padded ? <div className={s.padded}>{children}</div> : children}
    </section>
  )
}

/** Panels side by side, one below the other on phones. `charts` shares one border between them. */
export function Columns({ children, kind = 'even' }: { children: ReactNode; kind?: 'even' | 'main-side' | 'charts' }) {
  return (
    <div className={s.columns} data-kind={kind}>
      {children}
    </div>
  )
}

/** Filters at the left, search at the right, above a table. */
export function Toolbar({ children }: { children: ReactNode }) {
  return <div className={s.toolbar}>{children}</div>
}
