'use client'
import { useActionState, useId } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { idle, type Action } from '../../../_ui/dialog/action-state.ts'
import s from './incidents.module.css'

/** A note for the timeline, under the writer's name. */
export function NoteForm({ incidentId, action }: { incidentId: string; action: Action }) {
  const [state, send, pending] = useActionState(action, idle)
  const id = useId()
  return (
    <form action={send} className={s.note}>
      <input type="hidden" name="incidentId" value={incidentId} />
      <label htmlFor={id}>Add a note to the timeline</label>
      <textarea id={id} name="text" rows={2} required maxLength={10_000} />
      <div>
        <Button type="submit" aria-disabled={pending}>
          {pending ? 'Writing…' : 'Add note'}
        </Button>
        <output role={state.status === 'failed' ? 'alert' : undefined}>
          {state.status === 'idle' ? '' : state.message}
        </output>
      </div>
    </form>
  )
}
