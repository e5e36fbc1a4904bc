'use client'
import { useActionState, type ReactNode } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { idle, type Action } from '../../../_ui/dialog/action-state.ts'
import { keepFields } from '../../../_ui/dialog/keep-fields.ts'
import s from './import.module.css'

export type RegistryFormProps = {
  registryId: string
  action: Action
  verb: string
  kind?: 'primary' | 'default'
  /** Fields of the form: the models to tick. */
  children?: ReactNode
}

/** One act on a connection, with what came of it beside the button. */
export function RegistryForm({ registryId, action, verb, kind = 'default', children }: RegistryFormProps) {
  const [state, submit, pending] = useActionState(action, idle)
  return (
    <form action={submit} onSubmit={(event) => keepFields(event, submit)}>
      <input type="hidden" name="registryId" value={registryId} />
      {children}
      <div className={s.act}>
        <Button type="submit" kind={kind} aria-disabled={pending}>
          {pending ? 'Asking…' : verb}
        </Button>
        <output className={s.outcome} role={state.status === 'failed' ? 'alert' : undefined}>
          {state.status === 'idle' ? '' : state.message}
        </output>
      </div>
    </form>
  )
}
