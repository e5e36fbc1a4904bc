import type { ButtonHTMLAttributes } from 'react'
import s from './button.module.css'

/** One `primary` a page; `danger` opens a dialog, `danger-solid` is the verb inside it. */
export type ButtonKind = 'default' | 'primary' | 'danger' | 'danger-solid' | 'quiet'

export type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'disabled'> & {
  kind?: ButtonKind
  disabled?: boolean
}

export function Button({ kind = 'default', type = 'button', ...rest }: ButtonProps) {
  // oxlint-disable-next-line react/button-has-type -- the type is given, with a safe default
  return <button type={type} className={s.button} data-kind={kind} {...rest} />
}
