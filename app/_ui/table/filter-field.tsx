'use client'
import { useEffect, useRef } from 'react'
import s from './table.module.css'

export type FilterFieldProps = {
  /** Names what is filtered, e.g. "Filter models". */
  label: string
  placeholder: string
  value: string
  /** Other parameters of the address that the form keeps. */
  keep?: Readonly<Record<string, string>>
  /** When given, filters while typing; without it the form is sent on Enter. */
  onChange?: (value: string) => void
}

/** A GET form, so that a filter is an address and works without script; `/` goes to it. */
export function FilterField({ label, placeholder, value, keep = {}, onChange }: FilterFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest('input, textarea, select, dialog')
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return
      event.preventDefault()
      input.current?.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  const field = onChange
    ? { value, onChange: (event: { target: { value: string } }) => onChange(event.target.value) }
    : { defaultValue: value }
  return (
    <search>
      <form className={s.filter} {...(onChange ? { onSubmit: (event) => event.preventDefault() } : {})}>
        {Object.entries(keep).map(([name, kept]) => (
          <input key={name} type="hidden" name={name} value={kept} />
        ))}
        <input
          ref={input}
          className={s.field}
          name="q"
          type="search"
          aria-label={label}
          aria-keyshortcuts="/"
          placeholder={placeholder}
          autoComplete="off"
          {...field}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
    </search>
  )
}
