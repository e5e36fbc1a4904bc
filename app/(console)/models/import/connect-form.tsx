'use client'
import { useActionState, useState } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { idle, type Action } from '../../../_ui/dialog/action-state.ts'
import { keepFields } from '../../../_ui/dialog/keep-fields.ts'
import s from './import.module.css'

/** Where the registry is and how it is asked. What is secret is sealed and never shown again. */
export function ConnectForm({ action }: { action: Action }) {
  const [state, submit, pending] = useActionState(action, idle)
  const [auth, setAuth] = useState('none')
  return (
    <form action={submit} onSubmit={(event) => keepFields(event, submit)} className={s.form}>
      <div className={s.fields}>
        <label>
          Name of the connection
          <input name="name" required maxLength={41} pattern="[a-z][a-z0-9\-]+" placeholder="mlflow" />
        </label>
        <label>
          Address
          <input name="url" type="url" required maxLength={500} placeholder="https://mlflow.example" />
        </label>
        <label>
          Signs in with
          <select name="auth" value={auth} onChange={(event) => setAuth(event.target.value)}>
            <option value="none">nothing</option>
            <option value="basic">user and password</option>
            <option value="bearer">a token</option>
          </select>
        </label>
        {auth === 'basic' && (
          <label>
            User
            <input name="username" required maxLength={200} autoComplete="off" />
          </label>
        )}
        {auth !== 'none' && (
          <label>
            {auth === 'basic' ? 'Password' : 'Token'}, sealed and never shown again
            <input name="secret" type="password" required maxLength={4_000} autoComplete="off" />
          </label>
        )}
        <label>
          When somebody moves an alias there
          <select name="outsideEdits" defaultValue="report">
            <option value="report">tell it</option>
            <option value="put-back">tell it and put it back</option>
          </select>
        </label>
        <label>
          Workspace there, where it has several
          <input name="upstreamWorkspace" maxLength={200} placeholder="none" />
        </label>
        <label className={s.whole}>
          Its certificate authority as PEM, where it is one of your own
          <textarea name="ca" rows={2} maxLength={60_000} placeholder="-----BEGIN CERTIFICATE-----" />
        </label>
      </div>
      <Button type="submit" kind="primary" aria-disabled={pending}>
        {pending ? 'Connecting…' : 'Connect'}
      </Button>
      <output className={s.outcome} role={state.status === 'failed' ? 'alert' : undefined}>
        {state.status === 'idle' ? '' : state.message}
      </output>
    </form>
  )
}
