import type { ReactNode } from 'react'
import { Icon, type IconName } from '../icon.tsx'
import s from './states.module.css'

export type EmptyStateProps = {
  icon?: IconName
  title: string
  /** What would fill it, and how. */
  children: ReactNode
  action?: ReactNode
}

export function EmptyState({ icon = 'inbox', title, children, action }: EmptyStateProps) {
  return (
    <div className={s.state}>
      <span className={s.icon}>
        <Icon name={icon} size={20} />
      </span>
      <p className={s.title}>{title}</p>
      <div className={s.text}>{children}</div>
      {action && <div className={s.action}>{action}</div>}
    </div>
  )
}
