import type { ReactNode } from 'react'
import s from './step-list.module.css'

export type Step = {
  id: string
  /** e.g. "25 %". */
  label: string
  state: 'done' | 'current' | 'todo' | 'failed' | 'skipped'
  /** e.g. "since 10:50, of 4 h". */
  detail: ReactNode
  /** How much of the current step is over, 0 to 1. */
  progress?: number
}

/** The state is said in words too, for those who do not see the line below. */
const words: Record<Step['state'], string> = {
  done: 'done',
  current: 'now',
  todo: 'to come',
  failed: 'failed',
  skipped: 'skipped',
}

/** The steps of a rollout in a row; on a phone one below the other. */
export function StepList({ steps, label }: { steps: readonly Step[]; label: string }) {
  return (
    <ol className={s.steps} aria-label={label}>
      {steps.map((step) => (
        <li
          key={step.id}
          data-state={step.state}
          {...(step.state === 'current' ? { 'aria-current': 'step' as const } : {})}
        >
          <b>{step.label}</b>
          <span>
            <span className="sr">{words[step.state]}: </span>
            {step.detail}
          </span>
          <i style={{ width: `${Math.round(shareDone(step) * 100)}%` }} />
        </li>
      ))}
    </ol>
  )
}

function shareDone(step: Step): number {
  if (step.state === 'done' || step.state === 'failed') return 1
  return step.state === 'current' ? (step.progress ?? 0) : 0
}

export type TrafficSplitProps = { parts: readonly { label: string; percent: number; role: 'baseline' | 'candidate' }[] }

/** Who gets how much of the traffic: a bar in true proportion, and the words below it. */
export function TrafficSplit({ parts }: TrafficSplitProps) {
  return (
    <div className={s.split}>
      <div className={s.bar} aria-hidden="true">
        {parts.map((part) => (
          <span key={part.label} data-role={part.role} style={{ width: `${part.percent}%` }} />
        ))}
      </div>
      <ul aria-label="Traffic">
        {parts.map((part) => (
          <li key={part.label}>
            {part.label} · {part.percent} %
          </li>
        ))}
      </ul>
    </div>
  )
}
