'use client'
import { useActionState, useId, useRef, useState, type ReactNode } from 'react'
import { Button } from '../button.tsx'
import { CopyCommands, type Commands } from '../copy-button.tsx'
import { Icon, type IconName } from '../icon.tsx'
import { idle, type Action, type ActionState } from './action-state.ts'
import { DialogInputs, type DialogInput } from './dialog-inputs.tsx'
import { keepFields } from './keep-fields.ts'
import { Outcome, type OutcomeProps } from './outcome.tsx'
import s from './dialog.module.css'

/** One line of the plan: what it touches, from what to what. */
export type PlanLine = { what: string; from?: string; to: string }

export type ConfirmDialogProps = {
  /** On the button that opens it, e.g. "Roll back…". */
  opener: string
  icon?: IconName
  kind?: 'danger' | 'primary' | 'default'
  /** The question, e.g. "Roll back fraud-scorer to v41?" */
  title: string
  /** Exactly what will be done, as the server planned it. */
  plan: readonly PlanLine[]
  /** What is said below the plan: who is told, what it does not do. */
  note?: ReactNode
  /** On the button that does it: the effect, e.g. "Roll back to v41". */
  verb: string
  /** A server action; it gets `reason` and the fields below. */
  action: Action
  /** Ids and the revision that the plan was made for, so that a stale plan is refused. */
  fields?: Readonly<Record<string, string>>
  /** What it asks for besides the reason. */
  inputs?: readonly DialogInput[]
  /** The shortest reason taken; null when none is asked. */
  reasonLengthMin?: number | null
  commands?: Commands
  /** How far the effect has come, from the thing's own state; shown after the request. */
  outcome?: OutcomeProps
}

/**
 * A governed action behind a plain question: the plan, a reason, the verb. While it asks, live updates wait
 * (`data-holds-live`), so that the plan does not change under the hand; once requested they flow again and show how far
 * the effect has come. The native dialog gives the focus trap, Esc and the return of focus.
 */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opener, icon, kind = 'default', title } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const [state, action, pending] = useActionState(props.action, idle)
  const close = () => dialog.current?.close()
  const requested = state.status === 'requested'
  return (
    <>
      <Button kind={kind} aria-haspopup="dialog" onClick={() => dialog.current?.showModal()}>
        {icon && <Icon name={icon} size={14} />}
        {opener}
      </Button>
      <dialog ref={dialog} className={s.dialog} aria-labelledby={titleId} data-holds-live={requested ? undefined : ''}>
        <form action={action} onSubmit={(event) => keepFields(event, action)} className={s.form}>
          <h2 id={titleId}>{title}</h2>
          <Plan lines={props.plan} />
          {props.note && <p className={s.note}>{props.note}</p>}
          {requested ? (
            <Requested message={state.message} outcome={props.outcome} close={close} />
          ) : (
            <Ask {...props} state={state} pending={pending} close={close} />
          )}
        </form>
      </dialog>
    </>
  )
}

function Plan({ lines }: { lines: readonly PlanLine[] }) {
  return (
    <ul className={s.plan} aria-label="Plan">
      {lines.map((line) => (
        <li key={line.what}>
          <span>{line.what}</span>
          <span className={s.change}>
            {line.from && (
              <>
                <del>{line.from}</del>
                <Icon name="right" size={11} />
                <span className="sr">to</span>
              </>
            )}
            <ins>{line.to}</ins>
          </span>
        </li>
      ))}
    </ul>
  )
}

type AskProps = ConfirmDialogProps & { state: ActionState; pending: boolean; close: () => void }

function Ask({
  state,
  pending,
  close,
  kind,
  verb,
  fields = {},
  inputs = [],
  reasonLengthMin = 10,
  commands,
}: AskProps) {
  const reasonId = useId()
  // Held here, so that a reason that was refused is still there when the plan below it is drawn anew.
  const [reason, setReason] = useState('')
  const failed = state.status === 'failed' ? state : null
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <DialogInputs inputs={inputs} />
      {reasonLengthMin !== null && (
        <>
          <label htmlFor={reasonId}>
            Reason <span>(recorded with your name; at least {reasonLengthMin} characters)</span>
          </label>
          <textarea
            id={reasonId}
            name="reason"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            rows={3}
            required
            minLength={reasonLengthMin}
            aria-describedby={`${reasonId}-error`}
          />
        </>
      )}
      <p id={`${reasonId}-error`} role="alert" className={s.error}>
        {failed?.message}
        {failed?.requestId && (
          <>
            {' '}
            Request <code>{failed.requestId}</code>
          </>
        )}
      </p>
      <div className={s.actions}>
        {commands && <CopyCommands {...commands} />}
        <span className={s.push} />
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" kind={kind === 'danger' ? 'danger-solid' : 'primary'} aria-disabled={pending}>
          {pending ? 'Requesting…' : verb}
        </Button>
      </div>
    </>
  )
}

type RequestedProps = { message: string; outcome: OutcomeProps | undefined; close: () => void }

function Requested({ message, outcome, close }: RequestedProps) {
  return (
    <>
      <output className={s.result}>{message}</output>
      {outcome && <Outcome {...outcome} />}
      <div className={s.actions}>
        <span className={s.push} />
        <Button onClick={close}>Close</Button>
      </div>
    </>
  )
}
