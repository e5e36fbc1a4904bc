'use client'
import { useActionState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { idle, type Action } from '../../_ui/dialog/action-state.ts'
import s from './inbox.module.css'

export type MarkFormProps = { action: Action; fields: Readonly<Record<string, string>>; label: string; quiet?: boolean }

/** A button that marks; what goes wrong is said beside it. */
export function MarkForm({ action, fields, label, quiet = false }: MarkFormProps) {
  const [state, send, pending] = useActionState(action, idle)
  return (
    <form action={send} className={s.mark}>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <Button type="submit" kind={quiet ? 'quiet' : 'default'} aria-disabled={pending}>
        {label}
      </Button>
      {state.status === 'failed' && <span role="alert">{state.message}</span>}
    </form>
  )
}
