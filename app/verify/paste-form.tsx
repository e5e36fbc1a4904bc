'use client'
import { useActionState, useState } from 'react'
import { Button } from '../_ui/button.tsx'
import { keepFields } from '../_ui/dialog/keep-fields.ts'
import { KeyValue } from '../_ui/key-value.tsx'
import { Status } from '../_ui/status.tsx'
import type { VerifyState } from './state.ts'
import s from './verify.module.css'

const textMax = 900_000
const words = { pass: 'Pass', fail: 'Fail', 'not-reached': 'Not reached', waived: 'Waived' } as const

/** An envelope or a bundle, pasted: verified, or which check fails. */
export function PasteForm({ verify }: { verify: (previous: VerifyState, form: FormData) => Promise<VerifyState> }) {
  const [state, action, pending] = useActionState(verify, { status: 'idle' })
  // Held here, because React empties a form after its action.
  const [envelope, setEnvelope] = useState('')
  const [trust, setTrust] = useState('')
  return (
    <>
      <form action={action} onSubmit={(event) => keepFields(event, action)} className={s.paste}>
        <label htmlFor="envelope">DSSE envelope or Sigstore bundle (JSON)</label>
        <textarea
          id="envelope"
          name="envelope"
          rows={8}
          required
          maxLength={textMax}
          spellCheck={false}
          value={envelope}
          onChange={(event) => setEnvelope(event.target.value)}
        />
        <details>
          <summary>By keys that I have from the operator by another way</summary>
          <label htmlFor="trust">Trust file (trust.json); empty: the keys that this server says are its own</label>
          <textarea
            id="trust"
            name="trust"
            rows={5}
            maxLength={textMax}
            spellCheck={false}
            value={trust}
            onChange={(event) => setTrust(event.target.value)}
          />
        </details>
        <div className={s.row}>
          <label>
            <input type="checkbox" name="demo" value="yes" /> Accept a demonstration
          </label>
          <Button type="submit" kind="primary" aria-disabled={pending}>
            {pending ? 'Verifying…' : 'Verify'}
          </Button>
        </div>
      </form>
      <div aria-live="polite">
        {state.status === 'failed' && <p className={s.bad}>{state.message}</p>}
        {state.status === 'answered' && <Answer state={state} />}
      </div>
    </>
  )
}

function Answer({ state }: { state: Extract<VerifyState, { status: 'answered' }> }) {
  const { checks, because, verified, pinned } = state
  return (
    <section className={s.found}>
      <h2>{verified ? 'Verified' : 'Not verified'}</h2>
      {because !== null && <p className={s.bad}>{because}</p>}
      {verified?.demo && <p className={s.demo}>A demonstration: it proves nothing about people.</p>}
      <ol className={s.checks}>
        {checks.map(({ name, asks, outcome }) => (
          <li key={name}>
            <Status of={outcome === 'pass' || outcome === 'fail' ? outcome : 'pending'}>{words[outcome]}</Status>
            {asks}
          </li>
        ))}
      </ol>
      {verified && (
        <KeyValue
          items={[
            { label: 'What', value: verified.about },
            { label: 'Statement', value: <code>{verified.kind}</code> },
            { label: 'Digest', value: <code>{verified.digest}</code> },
            { label: 'Key', value: <code>{verified.keyid}</code> },
            {
              label: 'Here',
              value: verified.recordedHere ? `on record since ${verified.recordedHere}` : 'not on record',
            },
          ]}
        />
      )}
      <p>
        {pinned
          ? 'By the keys that you gave.'
          : 'By the keys that this server says are its own: that is no more than its own word.'}
      </p>
    </section>
  )
}
