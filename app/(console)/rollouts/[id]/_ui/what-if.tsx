'use client'
import { useActionState, useId } from 'react'
import { Button } from '../../../../_ui/button.tsx'
import { formatInstant } from '../../../../_ui/format.ts'
import s from '../rollout.module.css'

type Verdict = { kind: string; because: string[] }
export type WhatIfState =
  | { status: 'idle'; policy: string }
  | { status: 'failed'; policy: string; message: string }
  | {
      status: 'answered'
      policy: string
      looked: number
      policyDigest: string
      differences: { observationId: string; atMs: number; was: Verdict; would: Verdict }[]
    }

export type WhatIfProps = {
  rolloutId: string
  /** The policy that decided, as a file. */
  source: string
  ask: (previous: WhatIfState, form: FormData) => Promise<WhatIfState>
}

const shownMax = 50

/** Decides again on what was observed, under a policy that is typed in. Changes nothing. */
export function WhatIf({ rolloutId, source, ask }: WhatIfProps) {
  const [state, action, pending] = useActionState(ask, { status: 'idle', policy: source })
  const id = useId()
  return (
    <form action={action} className={s.whatIf}>
      <input type="hidden" name="rolloutId" value={rolloutId} />
      <label htmlFor={id}>
        Policy (YAML): change a margin, a time or a reaction, and see what it would have decided
      </label>
      <textarea id={id} name="policy" key={state.policy} defaultValue={state.policy} rows={14} spellCheck={false} />
      <div className={s.whatIfRow}>
        <Button type="submit" aria-disabled={pending}>
          {pending ? 'Deciding again…' : 'What would it have decided?'}
        </Button>
        <output role={state.status === 'failed' ? 'alert' : undefined}>{answer(state)}</output>
      </div>
      {state.status === 'answered' && state.differences.length > 0 && <Differences rows={state.differences} />}
    </form>
  )
}

function answer(state: WhatIfState): string {
  if (state.status === 'idle') return ''
  if (state.status === 'failed') return state.message
  const { looked, differences } = state
  if (looked === 0) return 'Nothing was observed yet, so there is nothing to decide on again.'
  const first = differences[0]
  if (!first) return `The same decision at each of ${looked} observations.`
  return `${differences.length} of ${looked} decisions would differ, the first at ${formatInstant(first.atMs)}.`
}

function Differences({ rows }: { rows: Extract<WhatIfState, { status: 'answered' }>['differences'] }) {
  return (
    <table className={s.plain}>
      <caption className="sr">Decisions that would differ</caption>
      <thead>
        <tr>
          <th scope="col">At</th>
          <th scope="col">Was</th>
          <th scope="col">Would be</th>
          <th scope="col">Because</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, shownMax).map((row) => (
          <tr key={row.observationId}>
            <th scope="row">{formatInstant(row.atMs)}</th>
            <td>{row.was.kind}</td>
            <td>{row.would.kind}</td>
            <td>{row.would.because.join('; ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
