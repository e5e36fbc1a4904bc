'use client'
import { useState, type ReactNode } from 'react'
import { Button, type ButtonKind } from './button.tsx'
import { Icon } from './icon.tsx'

export type CopyButtonProps = { text: string; children?: ReactNode; label?: string; kind?: ButtonKind }

const shownMs = 1500

/** Copies the text and says whether it did. Without children it is an icon, and `label` names what it copies. */
export function CopyButton({ text, children, label = 'Copy', kind = 'default' }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  const copy = () => {
    const settle = (next: 'copied' | 'failed') => {
      setState(next)
      setTimeout(() => setState('idle'), shownMs)
    }
    // A page that is not served securely has no clipboard: then the text is to be selected by hand, and it says so.
    if (!navigator.clipboard) return settle('failed')
    navigator.clipboard.writeText(text).then(
      () => settle('copied'),
      () => settle('failed'),
    )
  }
  const icon = state === 'copied' ? 'check' : state === 'failed' ? 'x' : 'copy'
  return (
    <Button kind={kind} onClick={copy} {...(children ? {} : { 'aria-label': label, title: label })}>
      <Icon name={icon} size={13} />
      {children}
      <span className="sr" aria-live="polite">
        {state === 'copied' ? 'Copied' : state === 'failed' ? 'Could not copy: select the text by hand' : ''}
      </span>
    </Button>
  )
}

export type Commands = { curl: string; cli?: string }

/** The same action for a shell; stands beside every verb. */
export function CopyCommands({ curl, cli }: Commands) {
  return (
    <>
      <CopyButton text={curl} kind="quiet">
        Copy as curl
      </CopyButton>
      {cli !== undefined && (
        <CopyButton text={cli} kind="quiet">
          Copy as CLI
        </CopyButton>
      )}
    </>
  )
}
