'use client'
import { useActionState, useId, useState, type ChangeEvent } from 'react'
import { Button } from '../../../../../../_ui/button.tsx'
import { idle, type Action } from '../../../../../../_ui/dialog/action-state.ts'
import s from './card.module.css'

export type CardFormProps = { versionId: string; text: string; digest: string; bytesMax: number; action: Action }

/**
 * The whole text of the card, from a file or by hand. A text area would turn line ends into its own, so a file that was not
 * touched afterwards is sent as it was read; what was typed is sent with the line ends of the card that it started from.
 */
export function CardForm({ versionId, text, digest, bytesMax, action }: CardFormProps) {
  const [state, send, pending] = useActionState(action, idle)
  const [base, setBase] = useState({ text, digest })
  const [draft, setDraft] = useState(text)
  // The card changed: a draft of our own is kept, and refused as stale when it is sent; what has no change of ours follows.
  if (base.digest !== digest && (draft === base.text || draft === text)) {
    setBase({ text, digest })
    setDraft(text)
  }
  const [reason, setReason] = useState('')
  const [fault, setFault] = useState('')
  const id = useId()
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? []
    if (!file) return
    if (file.size > bytesMax) return setFault(`${file.name} has ${file.size} bytes; a card has at most ${bytesMax}.`)
    try {
      setDraft(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer()))
      setFault('')
    } catch {
      setFault(`${file.name} is not UTF-8 text.`)
    }
  }
  const type = (value: string) => setDraft(draft.includes('\r\n') ? value.replaceAll('\n', '\r\n') : value)
  return (
    <form
      action={(form) => {
        form.set('text', draft)
        send(form)
      }}
      className={s.form}
    >
      <input type="hidden" name="versionId" value={versionId} />
      <input type="hidden" name="expectedDigest" value={base.digest} />
      <label htmlFor={`${id}-file`}>From a file (README.md of a Hugging Face repository)</label>
      <input
        id={`${id}-file`}
        type="file"
        accept=".md,text/markdown,text/plain"
        onChange={(event) => void choose(event)}
      />
      <label htmlFor={`${id}-text`}>Front matter and Markdown</label>
      <textarea
        id={`${id}-text`}
        className={s.source}
        rows={16}
        spellCheck={false}
        value={draft}
        onChange={(event) => type(event.target.value)}
      />
      <label htmlFor={`${id}-reason`}>Reason, recorded with your name</label>
      <input
        id={`${id}-reason`}
        name="reason"
        required
        minLength={3}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className={s.submit}>
        <Button type="submit" kind="primary" aria-disabled={pending || draft === base.text}>
          {pending ? 'Writing…' : 'Write this card'}
        </Button>
        <output role={state.status === 'failed' || fault ? 'alert' : undefined}>
          {fault || (state.status === 'idle' ? '' : state.message)}
        </output>
      </div>
    </form>
  )
}
