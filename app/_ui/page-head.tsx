import Link from 'next/link'
import type { ReactNode } from 'react'
import s from './layout.module.css'

export type PageHeadProps = {
  title: ReactNode
  /** The way down to here, without the page itself. */
  crumbs?: readonly { href: string; label: string }[]
  /** The one state of the thing, a `Status` chip. */
  status?: ReactNode
  /** The one main action, and what stands beside it. */
  actions?: ReactNode
  /** The state's reason in one sentence. */
  because?: ReactNode
}

export function PageHead({ title, crumbs = [], status, actions, because }: PageHeadProps) {
  return (
    <header className={s.head}>
      <div className={s.headRow}>
        <div className={s.headTitle}>
          {crumbs.length > 0 && (
            <nav aria-label="Breadcrumb" className={s.crumbs}>
              {crumbs.map((crumb) => (
                <span key={crumb.href}>
                  <Link href={crumb.href} prefetch={false}>
                    {crumb.label}
                  </Link>
                  <span aria-hidden="true"> / </span>
                </span>
              ))}
            </nav>
          )}
          <div className={s.titleLine}>
            <h1>{title}</h1>
            {status}
          </div>
        </div>
        {actions && <div className={s.actions}>{actions}</div>}
      </div>
      {because && <p className={s.because}>{because}</p>}
    </header>
  )
}
