import { useId, type ReactNode } from 'react'
import { Icon } from './icon.tsx'
import s from './button.module.css'

/** Why an action is not open: from the state table or from access, the same as the server answers. */
export type Refusal = {
  /** e.g. "The rollout has ended." */
  because: string
  /** The rule that denies it, e.g. "rollout:roll-back needs the role operator in production". */
  rule?: string
  /** Who can do it, or when it will be open. */
  who?: string
}

export type PermissionButtonProps = { children: ReactNode; refusal: Refusal }

/**
 * The place of an action that is not open to this person now. It stays focusable and, pressed, says why and who can,
 * without any script. Show the real control instead of it when there is no refusal.
 */
export function PermissionButton({ children, refusal }: PermissionButtonProps) {
  const id = useId()
  return (
    <>
      <button
        type="button"
        className={s.button}
        aria-disabled="true"
        aria-describedby={id}
        popoverTarget={id}
        title={refusal.because}
      >
        <Icon name="lock" size={13} />
        {children}
      </button>
      <div id={id} popover="auto" className={s.why}>
        <p>{refusal.because}</p>
        {refusal.rule && <p>Rule: {refusal.rule}</p>}
        {refusal.who && <p>{refusal.who}</p>}
      </div>
    </>
  )
}
