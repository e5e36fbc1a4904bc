'use client'
import { useActionState, useId, type ReactNode } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { idle, type Action } from '../../../_ui/dialog/action-state.ts'
import { keepFields } from '../../../_ui/dialog/keep-fields.ts'
import type { KindLine } from './preference-form.tsx'
import s from './notifications.module.css'

/** Adds the mail server of the workspace. */
export function MailForm({ action }: { action: Action }) {
  return (
    <AddForm title="Add the mail server" verb="Add mail server" action={action}>
      <Field name="name" label="Name" value="Mail" />
      <Field name="host" label="Host" hint="e.g. smtp.example.com" />
      <Field name="port" label="Port" value="587" type="number" />
      <div>
        <label htmlFor="mail-security">Security</label>
        <select id="mail-security" name="security" defaultValue="starttls">
          <option value="starttls">STARTTLS</option>
          <option value="tls">TLS from the start</option>
          <option value="none">None (a relay on a trusted network)</option>
        </select>
      </div>
      <Field name="user" label="User" hint="empty: no sign-in" optional />
      <Field name="password" label="Password" type="password" hint="sealed, never shown again" optional />
      <Field name="from" label="Sender" type="email" />
      <Field name="domains" label="Domains that mail may go to" hint="e.g. example.com, example.org" />
    </AddForm>
  )
}

/** Adds a webhook for the tools of a team. */
export function WebhookForm({ action, lines }: { action: Action; lines: readonly KindLine[] }) {
  return (
    <AddForm title="Add a webhook" verb="Add webhook" action={action}>
      <Field name="name" label="Name" />
      <Field name="url" label="Address" type="url" hint="https; messages are signed (Standard Webhooks)" />
      <fieldset className={s.ticks}>
        <legend>Told of</legend>
        {lines.map(({ kind, title }) => (
          <label key={kind}>
            <input type="checkbox" name={`hook:${kind}`} defaultChecked={kind !== 'approval-expiring'} /> {title}
          </label>
        ))}
      </fieldset>
    </AddForm>
  )
}

/** Sends a test; what came of it is told in the list of deliveries. */
export function TestButton({ action, channelId }: { action: Action; channelId: string }) {
  const [state, send, pending] = useActionState(action, idle)
  return (
    <form action={send} className={s.inline}>
      <input type="hidden" name="channelId" value={channelId} />
      <Button type="submit" aria-disabled={pending}>
        {pending ? 'Sending…' : 'Send a test'}
      </Button>
      <output role={state.status === 'failed' ? 'alert' : undefined}>
        {state.status === 'idle' ? '' : state.message}
      </output>
    </form>
  )
}

type AddFormProps = { title: string; verb: string; action: Action; children: ReactNode }

function AddForm({ title, verb, action, children }: AddFormProps) {
  const [state, send, pending] = useActionState(action, idle)
  return (
    <details className={s.add}>
      <summary>{title}</summary>
      <form action={send} onSubmit={(event) => keepFields(event, send)} className={s.form}>
        <div className={s.fields}>{children}</div>
        <div className={s.submit}>
          <Button type="submit" aria-disabled={pending}>
            {pending ? 'Adding…' : verb}
          </Button>
          <output role={state.status === 'failed' ? 'alert' : undefined}>
            {state.status === 'idle' ? '' : state.message}
          </output>
        </div>
      </form>
    </details>
  )
}

type FieldProps = { name: string; label: string; hint?: string; value?: string; type?: string; optional?: boolean }

function Field({ name, label, hint, value = '', type = 'text', optional = false }: FieldProps) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <input id={id} name={name} type={type} defaultValue={value} required={!optional} autoComplete="off" />
      {hint && <p className={s.hint}>{hint}</p>}
    </div>
  )
}
