'use client'
import { useActionState, useId } from 'react'
import type { NotificationKind, PreferenceView } from '#lib/notifications/model.ts'
import { Button } from '../../../_ui/button.tsx'
import { idle, type Action } from '../../../_ui/dialog/action-state.ts'
import { keepFields } from '../../../_ui/dialog/keep-fields.ts'
import s from './notifications.module.css'

export type KindLine = { kind: NotificationKind; title: string; who: string }
export type PreferenceFormProps = {
  preference: Omit<PreferenceView, 'mutedUntil'>
  /** Until when mail is muted, in words; empty when it is not. */
  muted: string
  lines: readonly KindLine[]
  timeZones: readonly string[]
  action: Action
}

/** What I am told of, where and when. */
export function PreferenceForm({ preference, muted, lines, timeZones, action }: PreferenceFormProps) {
  const [state, send, pending] = useActionState(action, idle)
  return (
    <form action={send} onSubmit={(event) => keepFields(event, send)} className={s.form}>
      <KindTable preference={preference} lines={lines} />
      <MailFields preference={preference} muted={muted} timeZones={timeZones} />
      <div className={s.submit}>
        <Button type="submit" kind="primary" aria-disabled={pending}>
          {pending ? 'Saving…' : 'Save my choice'}
        </Button>
        <output role={state.status === 'failed' ? 'alert' : undefined}>
          {state.status === 'idle' ? '' : state.message}
        </output>
      </div>
    </form>
  )
}

function KindTable({ preference, lines }: Pick<PreferenceFormProps, 'preference' | 'lines'>) {
  return (
    <table className={s.kinds}>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Inbox</th>
          <th scope="col">Mail</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ kind, title, who }) => (
          <tr key={kind}>
            <th scope="row">
              {title}
              <small>{who}</small>
            </th>
            <td>
              <Tick name={`inbox:${kind}`} label={`${title}, in the inbox`} on={preference.inboxKinds.includes(kind)} />
            </td>
            <td>
              <Tick name={`email:${kind}`} label={`${title}, by mail`} on={preference.emailKinds.includes(kind)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function MailFields({ preference, muted, timeZones }: Pick<PreferenceFormProps, 'preference' | 'muted' | 'timeZones'>) {
  const id = useId()
  return (
    <div className={s.fields}>
      <div>
        <label htmlFor={`${id}-email`}>Mail address</label>
        <input
          id={`${id}-email`}
          name="email"
          type="email"
          defaultValue={preference.email ?? ''}
          autoComplete="email"
          aria-describedby={`${id}-because`}
        />
        <p id={`${id}-because`} className={s.hint}>
          {preference.emailBecause ?? 'Empty: no mail.'}
        </p>
      </div>
      <div>
        <label htmlFor={`${id}-timing`}>When</label>
        <select id={`${id}-timing`} name="timing" defaultValue={preference.timing}>
          <option value="at-once">At once</option>
          <option value="hourly">One digest an hour</option>
          <option value="daily">One digest a day</option>
        </select>
      </div>
      <div>
        <label htmlFor={`${id}-hour`}>Hour of the daily digest</label>
        <select id={`${id}-hour`} name="digestHour" defaultValue={preference.digestHour}>
          {Array.from({ length: 24 }, (_, hour) => (
            <option key={hour} value={hour}>{`${String(hour).padStart(2, '0')}:00`}</option>
          ))}
        </select>
      </div>
      <div>
        <label htmlFor={`${id}-zone`}>Time zone</label>
        <input id={`${id}-zone`} name="timeZone" list={`${id}-zones`} defaultValue={preference.timeZone} required />
        <datalist id={`${id}-zones`}>
          {timeZones.map((zone) => (
            <option key={zone} value={zone}>
              {zone}
            </option>
          ))}
        </datalist>
      </div>
      <div>
        <label htmlFor={`${id}-mute`}>Mute mail</label>
        <select id={`${id}-mute`} name="muteDays" defaultValue="0">
          <option value="0">{muted === '' ? 'Not muted' : 'End the mute'}</option>
          <option value="1">For a day</option>
          <option value="7">For a week</option>
          <option value="30">For 30 days</option>
        </select>
        {muted !== '' && <p className={s.hint}>{muted} Saving ends or renews it.</p>}
      </div>
    </div>
  )
}

function Tick({ name, label, on }: { name: string; label: string; on: boolean }) {
  return <input type="checkbox" name={name} aria-label={label} defaultChecked={on} />
}
