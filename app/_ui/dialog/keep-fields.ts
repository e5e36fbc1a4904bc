import { startTransition, type FormEvent } from 'react'

/** Sends a form without emptying it, as React does after a form's action: what was refused is not to be typed twice. */
export function keepFields(event: FormEvent<HTMLFormElement>, send: (form: FormData) => void): void {
  event.preventDefault()
  const form = new FormData(event.currentTarget)
  startTransition(() => send(form))
}
