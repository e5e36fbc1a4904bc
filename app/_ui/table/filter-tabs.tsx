import Link from 'next/link'
import s from './table.module.css'

export type FilterTab = { id: string; label: string; href: string; count?: number; current: boolean }

/** Views of one list, by link. */
export function FilterTabs({ label, tabs }: { label: string; tabs: readonly FilterTab[] }) {
  return (
    <nav aria-label={label} className={s.tabs}>
      {tabs.map((tab) => (
        <Link
          key={tab.id}
          href={tab.href}
          prefetch={false}
          scroll={false}
          {...(tab.current ? { 'aria-current': 'true' as const } : {})}
        >
          {tab.label}
          {tab.count !== undefined && <b>{tab.count}</b>}
        </Link>
      ))}
    </nav>
  )
}
