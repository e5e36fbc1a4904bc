import { CopyButton } from './copy-button.tsx'
import { shortDigest } from './format.ts'
import s from './small.module.css'

export type HashProps = { digest: string; length?: number; copy?: boolean }

/** A digest by its head; the whole in the tooltip and under the copy button. */
export function Hash({ digest, length = 8, copy = true }: HashProps) {
  return (
    <span className={s.hash}>
      <code title={digest}>{shortDigest(digest, length)}</code>
      {copy && <CopyButton text={digest} label={`Copy ${shortDigest(digest, length)}`} kind="quiet" />}
    </span>
  )
}
