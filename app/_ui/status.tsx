import type { ReactNode } from 'react'
import s from './status.module.css'

export type Hue = 'ok' | 'info' | 'warn' | 'bad' | 'note' | 'mute'
/** The shape tells the state where colour cannot. */
export type Glyph =
  | 'dot'
  | 'half'
  | 'ring'
  | 'diamond'
  | 'triangle'
  | 'back'
  | 'minus'
  | 'check'
  | 'cross'
  | 'pause'
  | 'question'

/** Every state word of the console with its shape and hue. A new word is a line here, never a colour in a page. */
export const statusWords = {
  serving: { word: 'Serving', glyph: 'dot', hue: 'ok' },
  canary: { word: 'Canary', glyph: 'half', hue: 'info' },
  review: { word: 'In review', glyph: 'diamond', hue: 'note' },
  drifting: { word: 'Drifting', glyph: 'triangle', hue: 'warn' },
  'rolled-back': { word: 'Rolled back', glyph: 'back', hue: 'bad' },
  retired: { word: 'Retired', glyph: 'minus', hue: 'mute' },
  draft: { word: 'Draft', glyph: 'ring', hue: 'mute' },
  approved: { word: 'Approved', glyph: 'check', hue: 'ok' },
  rejected: { word: 'Rejected', glyph: 'cross', hue: 'bad' },
  void: { word: 'Void', glyph: 'minus', hue: 'bad' },
  expired: { word: 'Expired', glyph: 'minus', hue: 'mute' },
  withdrawn: { word: 'Withdrawn', glyph: 'minus', hue: 'mute' },
  healthy: { word: 'Healthy', glyph: 'dot', hue: 'ok' },
  degraded: { word: 'Degraded', glyph: 'triangle', hue: 'warn' },
  down: { word: 'Down', glyph: 'cross', hue: 'bad' },
  unknown: { word: 'Unknown', glyph: 'question', hue: 'note' },
  pending: { word: 'Pending', glyph: 'ring', hue: 'mute' },
  running: { word: 'Running', glyph: 'half', hue: 'info' },
  held: { word: 'Held', glyph: 'pause', hue: 'warn' },
  paused: { word: 'Paused', glyph: 'pause', hue: 'mute' },
  'rolling-back': { word: 'Rolling back', glyph: 'back', hue: 'warn' },
  finished: { word: 'Finished', glyph: 'check', hue: 'ok' },
  aborted: { word: 'Aborted', glyph: 'cross', hue: 'mute' },
  failed: { word: 'Failed', glyph: 'cross', hue: 'bad' },
  pass: { word: 'Pass', glyph: 'check', hue: 'ok' },
  fail: { word: 'Fail', glyph: 'cross', hue: 'bad' },
  hold: { word: 'Hold', glyph: 'pause', hue: 'warn' },
  inconclusive: { word: 'Inconclusive', glyph: 'question', hue: 'warn' },
  'no-data': { word: 'No data', glyph: 'question', hue: 'note' },
  stable: { word: 'Stable', glyph: 'dot', hue: 'ok' },
  watch: { word: 'Watch', glyph: 'half', hue: 'warn' },
  alarm: { word: 'Alarm', glyph: 'triangle', hue: 'bad' },
  met: { word: 'Met', glyph: 'check', hue: 'ok' },
  'at-risk': { word: 'At risk', glyph: 'triangle', hue: 'warn' },
  exhausted: { word: 'Exhausted', glyph: 'cross', hue: 'bad' },
  open: { word: 'Open', glyph: 'triangle', hue: 'bad' },
  acknowledged: { word: 'Acknowledged', glyph: 'half', hue: 'warn' },
  mitigated: { word: 'Mitigated', glyph: 'ring', hue: 'info' },
  resolved: { word: 'Resolved', glyph: 'check', hue: 'ok' },
  closed: { word: 'Closed', glyph: 'minus', hue: 'mute' },
  muted: { word: 'Muted', glyph: 'minus', hue: 'mute' },
  requested: { word: 'Requested', glyph: 'ring', hue: 'info' },
  applied: { word: 'Applied', glyph: 'half', hue: 'info' },
  verified: { word: 'Verified', glyph: 'check', hue: 'ok' },
} as const satisfies Record<string, { word: string; glyph: Glyph; hue: Hue }>

export type StatusOf = keyof typeof statusWords

export type StatusProps = {
  of: StatusOf
  /** Other words for the same state, e.g. "Held at 25 %". */
  children?: ReactNode
  /** As a chip, for the one state in a page's head. */
  chip?: boolean
}

export function Status({ of, children, chip = false }: StatusProps) {
  const { word, glyph, hue } = statusWords[of]
  return (
    <Mark glyph={glyph} hue={hue} chip={chip}>
      {children ?? word}
    </Mark>
  )
}

export type MarkProps = { glyph: Glyph; hue: Hue; children: ReactNode; chip?: boolean }

/** Shape, hue and words, for what is no state of the table (a severity, a count). */
export function Mark({ glyph, hue, children, chip = false }: MarkProps) {
  return (
    <span className={s.status} data-glyph={glyph} data-hue={hue} data-chip={chip || undefined}>
      {children}
    </span>
  )
}
