'use client'
import { useActionState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { idle, type Action } from '../../_ui/dialog/action-state.ts'
import { keepFields } from '../../_ui/dialog/keep-fields.ts'
import s from './settings.module.css'

/** Makes a service account: a name and what it is for. */
export function NewAccount({ action }: { action: Action }) {
  const [state, submit, pending] = useActionState(action, idle)
  return (
    <form action={submit} onSubmit={(event) => keepFields(event, submit)} className={s.form}>
      <label>
        Name
        <input
          name="name"
          required
          minLength={2}
          maxLength={41}
          pattern="[a-z][a-z0-9\-]+"
          placeholder="nightly-scoring"
        />
      </label>
      <label>
        What it is for
        <input name="purpose" required minLength={3} maxLength={500} placeholder="Registers the nightly retraining" />
      </label>
      <Button type="submit" kind="primary" aria-disabled={pending}>
        {pending ? 'Making…' : 'Make the account'}
      </Button>
      <output className={s.outcome} data-failed={state.status === 'failed' ? '' : undefined}>
        {state.status === 'idle' ? '' : state.message}
      </output>
    </form>
  )
}
