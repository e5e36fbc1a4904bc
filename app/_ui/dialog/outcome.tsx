import { Status, type StatusOf } from '../status.tsx'
import { Ago } from '../time.tsx'
import s from './dialog.module.css'

export type OutcomeProps = {
  nowMs: number
  requestedAtMs: number | null
  /** The outside accepted it. */
  appliedAtMs: number | null
  /** It was read back and is as intended. */
  verifiedAtMs: number | null
  /** Why it stands where it stands, when it does not move. */
  problem?: string
}

/** Requested, applied and verified are three different things. */
export function Outcome({ nowMs, requestedAtMs, appliedAtMs, verifiedAtMs, problem }: OutcomeProps) {
  const steps: { of: StatusOf; atMs: number | null; waiting: string }[] = [
    { of: 'requested', atMs: requestedAtMs, waiting: 'not requested yet' },
    { of: 'applied', atMs: appliedAtMs, waiting: 'not applied yet' },
    { of: 'verified', atMs: verifiedAtMs, waiting: 'not verified yet' },
  ]
  return (
    <div className={s.outcome}>
      <ol aria-label="Progress">
        {steps.map((step) => (
          <li key={step.of} data-done={step.atMs === null ? undefined : ''}>
            {step.atMs === null ? (
              <Status of="pending">{step.waiting}</Status>
            ) : (
              <>
                <Status of={step.of} />
                <small>
                  <Ago atMs={step.atMs} nowMs={nowMs} />
                </small>
              </>
            )}
          </li>
        ))}
      </ol>
      {problem && <output className={s.problem}>{problem}</output>}
    </div>
  )
}
