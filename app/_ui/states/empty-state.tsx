import type { ReactNode } from 'react'
import { Icon, type IconName } from '../icon.tsx'
import s from './states.module.css'

export type EmptyStateProps = {
  icon?: IconName
  title: string
  /** What would fill it, and how. */
  children: ReactNode
  action?: ReactNode
  /** It is all that the page shows, so its title is the page's. */
  wholePage?: boolean
}

export function EmptyState({ icon = 'inbox', title, children, action, wholePage = false }: EmptyStateProps) {
  return (
    <div className={s.state}>
      <span className={s.icon}>
        <Icon name={icon} size={20} />
      </span>
      {wholePage ? <h1 className={s.title}>{title}</h1> : <p className={s.title}>{title}</p>}
      <div className={s.text}>{children}</div>
      {action && <div className={s.action}>{action}</div>}
    </div>
  )
}
