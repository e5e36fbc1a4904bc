import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'
import { Ago } from './time.tsx'
import type { Hue } from './status.tsx'
import s from './timeline.module.css'

export type TimelineEvent = {
  id: string
  atMs: number
  icon: IconName
  hue?: Hue
  text: ReactNode
  /** Who or what did it. */
  actor: string
  /** More, folded away until asked for. */
  detail?: ReactNode
}

export type TimelineProps = { events: readonly TimelineEvent[]; nowMs: number; timeZone?: string }

/** What happened, in the order given (newest first, as a rule). */
export function Timeline({ events, nowMs, timeZone = 'UTC' }: TimelineProps) {
  return (
    <ol className={s.timeline}>
      {events.map((event) => (
        <li key={event.id} data-hue={event.hue}>
          <span className={s.icon}>
            <Icon name={event.icon} size={13} />
          </span>
          <div className={s.body}>
            <p>{event.text}</p>
            <small>
              {event.actor} · <Ago atMs={event.atMs} nowMs={nowMs} timeZone={timeZone} />
            </small>
            {event.detail && (
              <details>
                <summary>Details</summary>
                {event.detail}
              </details>
            )}
          </div>
        </li>
      ))}
    </ol>
  )
}
