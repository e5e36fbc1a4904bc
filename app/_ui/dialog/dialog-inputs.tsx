'use client'
import { useId, useState } from 'react'

/** What a governed action asks for besides its reason. */
export type DialogInput = {
  name: string
  label: string
  /** Said after the label: what is taken. */
  hint?: string
  /** Several lines; of code where it says so. */
  rows?: number
  code?: boolean
  /** One of these; the first is chosen. */
  options?: readonly { value: string; label: string }[]
  initial?: string
  optional?: boolean
}

/** Held in state, because React empties a form after its action, and what was refused is not to be typed twice. */
export function DialogInputs({ inputs }: { inputs: readonly DialogInput[] }) {
  const id = useId()
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(inputs.map((i) => [i.name, i.initial ?? i.options?.[0]?.value ?? ''])),
  )
  return inputs.map((input) => {
    const shared = {
      id: `${id}-${input.name}`,
      name: input.name,
      value: values[input.name] ?? '',
      required: !input.optional,
      onChange: (event: { target: { value: string } }) =>
        setValues((before) => ({ ...before, [input.name]: event.target.value })),
    }
    return (
      <div key={input.name} data-input={input.code ? 'code' : ''}>
        <label htmlFor={shared.id}>
          {input.label} {input.hint && <span>({input.hint})</span>}
        </label>
        {input.options ? (
          <select {...shared}>
            {input.options.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        ) : input.rows ? (
          <textarea {...shared} rows={input.rows} spellCheck={!input.code} />
        ) : (
          <input {...shared} autoComplete="off" />
        )}
      </div>
    )
  })
}
