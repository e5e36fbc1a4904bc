import { formatAgo } from '../format.ts'
import type { LivePhase } from './machine.ts'
import s from './live.module.css'

const words: Record<LivePhase, string> = {
  connecting: 'Connecting',
  live: 'Live',
  stale: 'Stale',
  reconnecting: 'Reconnecting',
  paused: 'Paused',
}

/** `silentMs` is the time since the last word of the stream, null when there was none yet. */
export type LiveIndicatorProps = { phase: LivePhase; silentMs: number | null; onToggle?: () => void }

/** The state of the live stream and its age. A press pauses and resumes; only a change of state is read out. */
export function LiveIndicator({ phase, silentMs, onToggle }: LiveIndicatorProps) {
  const age = silentMs === null ? '' : ageText(phase, formatAgo(-silentMs, 0))
  return (
    <button
      type="button"
      className={s.live}
      data-phase={phase}
      onClick={onToggle}
      aria-pressed={phase === 'paused'}
      title={phase === 'paused' ? 'Resume live updates' : 'Pause live updates'}
    >
      <i aria-hidden="true" />
      <span aria-live="polite">{words[phase]}</span>
      {age && <span className={s.age}>{age}</span>}
    </button>
  )
}

function ageText(phase: LivePhase, ago: string): string {
  if (ago === 'now') return phase === 'live' ? 'now' : ''
  return `heard ${ago}`
}
