import type { RolloutDetail, StepView } from '#lib/rollouts/views.ts'
import type { PlanChain } from '#lib/rollouts/model.ts'
import { formatClock, formatDuration, formatInstant } from '../../../../_ui/format.ts'
import { Panel } from '../../../../_ui/panel.tsx'
import { StepList, TrafficSplit, type Step } from '../../../../_ui/step-list.tsx'
import { Mark } from '../../../../_ui/status.tsx'
import { stagesOf, verifiedAfterMs, type ChainKind, type Stage } from './chain.ts'
import s from '../rollout.module.css'

/** The steps with their weights and times, and who has how much of the traffic now. */
export function StepsPanel({ rollout: r, nowMs }: { rollout: RolloutDetail; nowMs: number }) {
  const steps = r.stepViews.map((step) => stepOf(r, step, nowMs))
  return (
    <Panel label="Steps and traffic" live>
      <StepList steps={steps} label="Steps" />
      <TrafficSplit
        parts={[
          { label: `stable ${r.from.version}`, percent: 100 - r.weight, role: 'baseline' as const },
          { label: `candidate ${r.to.version}`, percent: r.weight, role: 'candidate' as const },
        ].filter(({ percent }) => percent > 0)}
      />
    </Panel>
  )
}

function stepOf(r: RolloutDetail, step: StepView, nowMs: number): Step {
  const isBack = r.chain.rollback !== null
  const present = step.progress === 'present' && r.endedAt === null && !isBack
  const broken = isBack && step.progress === 'present' && r.chain.promotion === null
  const state = present
    ? 'current'
    : broken
      ? 'failed'
      : step.intendedAt !== null
        ? 'done'
        : r.endedAt === null && !isBack
          ? 'todo'
          : 'skipped'
  const startedMs = step.verifiedAt === null ? null : Date.parse(step.verifiedAt)
  const lasts = step.judge ? step.judge.atMostSeconds * 1000 : null
  return {
    id: String(step.index),
    label: `${step.weight} %`,
    state,
    detail: stepDetail(step, state),
    ...(present && startedMs !== null && lasts !== null ? { progress: Math.min(1, (nowMs - startedMs) / lasts) } : {}),
  }
}

function stepDetail(step: StepView, state: Step['state']): string {
  const judged = step.judge
    ? `judged ${formatDuration(step.judge.atLeastSeconds * 1000)} to ${formatDuration(step.judge.atMostSeconds * 1000)}`
    : 'not judged'
  if (step.verifiedAt !== null) return `verified ${formatClock(Date.parse(step.verifiedAt))} UTC, ${judged}`
  if (step.intendedAt !== null && state === 'done') return `${formatClock(Date.parse(step.intendedAt))} UTC`
  if (step.intendedAt !== null) return `intended ${formatClock(Date.parse(step.intendedAt))} UTC, not read back yet`
  return state === 'skipped' ? 'not reached' : judged
}

const words: Record<Stage['kind'], string> = {
  decided: 'decided',
  requested: 'requested',
  applied: 'applied',
  verified: 'verified',
  ended: 'ended',
}

/** A rollback or promotion from its cause to its end: requested, applied and verified are three different things. */
export function ChainPanel({ chain, kind }: { chain: PlanChain; kind: ChainKind }) {
  const stages = stagesOf(chain, kind)
  const reached = stages.filter(({ atMs }) => atMs !== null).length
  const took = verifiedAfterMs(chain)
  return (
    <Panel
      live
      title={kind === 'rollback' ? 'Rollback' : 'Promotion'}
      aside={took === null ? 'traffic not verified yet' : `traffic verified ${formatDuration(took)} after the decision`}
    >
      <p className={s.note}>
        {chain.because}
        {chain.toldUnverifiedAt !== null && (
          <>
            {' '}
            <Mark glyph="triangle" hue="warn">
              told as unverified at {formatInstant(Date.parse(chain.toldUnverifiedAt))}
            </Mark>
          </>
        )}
      </p>
      <StepList label={`Stages of the ${kind}`} steps={stages.map((stage, i) => stageStep(stage, i, reached))} />
    </Panel>
  )
}

function stageStep(stage: Stage, i: number, reached: number): Step {
  const state = stage.atMs !== null ? 'done' : i === reached ? 'current' : 'todo'
  const after = stage.afterMs === null ? '' : ` (+${formatDuration(stage.afterMs)})`
  const detail =
    stage.atMs === null ? (
      `not ${words[stage.kind]} yet`
    ) : (
      <time dateTime={new Date(stage.atMs).toISOString()} title={formatInstant(stage.atMs)}>
        {formatInstant(stage.atMs).slice(11, 19)}
        {after}
      </time>
    )
  return { id: stage.id, label: stage.label, state, detail }
}
