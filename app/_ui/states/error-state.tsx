import type { ReactNode } from 'react'
import { CopyButton } from '../copy-button.tsx'
import { Icon } from '../icon.tsx'
import s from './states.module.css'

export type ErrorStateProps = {
  /** What failed, e.g. "The metrics of this rollout could not be read". */
  title: string
  /** What to do about it. */
  children: ReactNode
  /** What goes on regardless; the default holds for every page. */
  safe?: string
  /** The request's id, or the digest under which the log has the cause. */
  requestId?: string | undefined
  action?: ReactNode
  /** It is all that the page shows, so its title is the page's. */
  wholePage?: boolean
}

const safeByDefault = 'Nothing was changed by this. Rollouts, alerts and rollbacks run apart from the console.'

export function ErrorState({
  title,
  children,
  safe = safeByDefault,
  requestId,
  action,
  wholePage = false,
}: ErrorStateProps) {
  return (
    <div className={s.state} role="alert">
      <span className={s.icon} data-kind="error">
        <Icon name="alert" size={20} />
      </span>
      {wholePage ? <h1 className={s.title}>{title}</h1> : <p className={s.title}>{title}</p>}
      <div className={s.text}>
        <p>{safe}</p>
        {children}
      </div>
      {requestId && (
        <p className={s.request}>
          Request <code>{requestId}</code>
          <CopyButton text={requestId} label="Copy the request id" kind="quiet" />
        </p>
      )}
      {action && <div className={s.action}>{action}</div>}
    </div>
  )
}
