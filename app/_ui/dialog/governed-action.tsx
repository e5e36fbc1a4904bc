'use client'
import { useEffect, useRef, useState } from 'react'
import { PermissionButton, type Refusal } from '../permission-button.tsx'
import type { Action } from './action-state.ts'
import { ConfirmDialog, type ConfirmDialogProps } from './confirm-dialog.tsx'

export type GovernedActionProps = ConfirmDialogProps & {
  /** Why it is not open to this person now; null when it is. */
  refusal: Refusal | null
  /** Its opposite is shown in its place (resume for hold); what came of it stays until it is closed all the same. */
  absent?: boolean
}

/**
 * An action that is open, or says why it is not. What was requested often closes the action itself (a rollout that is rolled
 * back cannot be rolled back again): the dialog then stays until it is closed, so that it can show how far the effect came.
 */
export function GovernedAction({ refusal, absent = false, ...dialog }: GovernedActionProps) {
  const place = useRef<HTMLSpanElement>(null)
  const [requested, setRequested] = useState(false)
  const [round, setRound] = useState(0)
  useEffect(() => {
    const here = place.current
    if (!here || !requested) return undefined
    // `close` does not bubble, but ancestors hear it while it is on its way down.
    const onClose = () => {
      setRequested(false)
      setRound((before) => before + 1)
    }
    here.addEventListener('close', onClose, { capture: true, once: true })
    return () => here.removeEventListener('close', onClose, { capture: true })
  }, [requested])
  const action: Action = async (previous, form) => {
    const state = await dialog.action(previous, form)
    if (state.status === 'requested') setRequested(true)
    return state
  }
  return (
    <span ref={place} style={{ display: 'contents' }}>
      {requested || (!absent && !refusal) ? (
        <ConfirmDialog key={round} {...dialog} action={action} />
      ) : (
        !absent && refusal && <PermissionButton refusal={refusal}>{dialog.opener}</PermissionButton>
      )}
    </span>
  )
}
