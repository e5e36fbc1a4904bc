import type { EntryView } from '#lib/audit/entries.ts'
import type { PlanView } from '#lib/rollouts/views.ts'
import { formatInstant } from '../../../../_ui/format.ts'
import { Hash } from '../../../../_ui/hash.tsx'
import type { IconName } from '../../../../_ui/icon.tsx'
import { Panel } from '../../../../_ui/panel.tsx'
import { EmptyState } from '../../../../_ui/states/empty-state.tsx'
import { Mark, Status, type Hue, type StatusOf } from '../../../../_ui/status.tsx'
import { Ago } from '../../../../_ui/time.tsx'
import { Timeline, type TimelineEvent } from '../../../../_ui/timeline.tsx'
import type { Observed } from './observed.ts'
import s from '../rollout.module.css'

const progress: Record<PlanView['steps'][number]['progress'], { of: StatusOf; word: string }> = {
  done: { of: 'verified', word: 'Done' },
  present: { of: 'running', word: 'Being done' },
  ahead: { of: 'pending', word: 'To come' },
}

/** The committed plan, step by step, with what came of each. */
export function PlanPanel({ plan, names, ended }: { plan: PlanView; names: (text: string) => string; ended: boolean }) {
  return (
    <Panel title={`Plan of the ${plan.kind}`} aside={<Hash digest={plan.digest} />}>
      <ol className={s.planSteps}>
        {plan.steps.map((step) => {
          const { of, word } = progress[ended && step.progress === 'present' ? 'done' : step.progress]
          return (
            <li key={step.key}>
              <Status of={of}>{word}</Status>
              <span>{names(step.text)}</span>
              {step.outcomes.length > 0 && (
                <ul>
                  {step.outcomes.map((one) => (
                    <li key={one.at + one.outcome}>
                      {formatInstant(Date.parse(one.at)).slice(11, 19)} {names(one.outcome)}
                    </li>
                  ))}
                </ul>
              )}
            </li>
          )
        })}
      </ol>
    </Panel>
  )
}

const hues: Record<Observed['decision']['kind'], Hue> = {
  wait: 'mute',
  advance: 'info',
  hold: 'warn',
  rollback: 'bad',
  finish: 'ok',
}

/** What was looked at and decided, newest first; each can be replayed from what is stored. */
export function LooksPanel({ looks, nowMs }: { looks: readonly Observed[]; nowMs: number }) {
  return (
    <Panel title="Stored observations" aside={`${looks.length} newest`}>
      {looks.length === 0 ? (
        <EmptyState icon="list" title="Nothing was observed yet">
          Each look that decides something is stored with its reasons, and one every ten seconds besides.
        </EmptyState>
      ) : (
        <ol className={s.looks}>
          {looks.map((look) => (
            <li key={look.id}>
              <details>
                <summary>
                  <b>
                    <Mark glyph="dot" hue={hues[look.decision.kind]}>
                      {look.decision.kind}
                    </Mark>
                  </b>
                  <Ago atMs={look.at.getTime()} nowMs={nowMs} /> ·{' '}
                  {look.decision.because[0]?.message ?? 'no reason is recorded'}
                </summary>
                <ul>
                  {look.decision.because.map((reason) => (
                    <li key={reason.code + reason.message}>{reason.message}</li>
                  ))}
                  <li>Unless {look.decision.unless}.</li>
                  <li className={s.small}>
                    {look.id} under policy {look.policyDigest.slice(0, 15)}…
                  </li>
                </ul>
              </details>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

const icons: Record<string, { icon: IconName; hue?: Hue }> = {
  'rollout:start': { icon: 'branch', hue: 'info' },
  'rollout:advance': { icon: 'up', hue: 'info' },
  'rollout:hold': { icon: 'pause', hue: 'warn' },
  'rollout:resume': { icon: 'play', hue: 'info' },
  'rollout:promote': { icon: 'check', hue: 'ok' },
  'rollout:roll-back': { icon: 'undo', hue: 'bad' },
}

type HistoryProps = { entries: readonly EntryView[]; names: (text: string) => string; nowMs: number }

/** The story of the rollout as the audit log has it. */
export function HistoryPanel({ entries, names, nowMs }: HistoryProps) {
  return (
    <Panel title="Timeline" aside="from the audit log">
      {entries.length === 0 ? (
        <EmptyState icon="scroll" title="No entries yet">
          Every act on this rollout is written here, by whom and why.
        </EmptyState>
      ) : (
        <Timeline events={entries.map((entry) => eventOf(entry, names))} nowMs={nowMs} />
      )}
    </Panel>
  )
}

/** A longer reason is folded: a verdict on three metrics is four sentences. */
const reasonShown = 150

function eventOf(entry: EntryView, names: (text: string) => string): TimelineEvent {
  const { content } = entry
  const phase = phaseOf(content?.after)
  const whole = content === null ? `${entry.kind}: its content was erased` : names(content.because)
  const isLong = whole.length > reasonShown
  return {
    id: entry.id,
    atMs: entry.time.getTime(),
    ...(icons[entry.kind] ?? { icon: 'scroll' as const }),
    text: (
      <>
        {isLong ? `${whole.slice(0, reasonShown)}…` : whole}
        {phase && <span className={s.small}> ({phase})</span>}
      </>
    ),
    actor: content === null ? 'unknown, erased' : content.actor.name,
    ...(isLong ? { detail: <p>{whole}</p> } : {}),
  }
}

function phaseOf(after: unknown): string | null {
  if (typeof after !== 'object' || after === null || !('phase' in after)) return null
  return typeof after.phase === 'string' ? after.phase : null
}
