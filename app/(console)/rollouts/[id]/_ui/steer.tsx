import { servingAlias } from '#lib/models/model.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { RolloutDetail } from '#lib/rollouts/views.ts'
import type { Session } from '../../../../_server/session.ts'
import { refusalOf } from '../../../../_server/may.ts'
import { stateRefusal } from '../../../../_server/refusal.ts'
import { GovernedAction } from '../../../../_ui/dialog/governed-action.tsx'
import type { Commands } from '../../../../_ui/copy-button.tsx'
import { curlOf } from '../../../../_ui/curl.ts'
import type { Refusal } from '../../../../_ui/permission-button.tsx'
import { hold, promote, resume, rollBack } from '../actions.ts'
import { reachedOf } from './chain.ts'
import { stepLines, promotionLines, rollbackLines } from './plan-lines.ts'

type Verb = keyof RolloutDetail['mine']
const actionOf = {
  hold: 'rollout:hold',
  resume: 'rollout:resume',
  promote: 'rollout:promote',
  rollBack: 'rollout:roll-back',
} as const

export type SteerProps = { rollout: RolloutDetail; session: Session; nowMs: number }

/** What a person can do to a rollout now; what is not open says why, from the tables that the server judges by. */
export async function Steer({ rollout, session, nowMs }: SteerProps) {
  const { ctx, workspace } = session
  const verbs = ['hold', 'resume', 'promote', 'rollBack'] as const
  const [onHold, onResume, onPromote, onRollBack] = await Promise.all(
    verbs.map((verb) => refusalFor(ctx, rollout, verb)),
  )
  const commandOf = (verb: string, more: Record<string, unknown> = {}) => ({
    curl: curlOf({
      origin: ctx.config.origin,
      workspace: workspace.name,
      method: 'POST',
      path: `/rollouts/${rollout.id}/${verb}`,
      body: { reason: 'why', ...more },
    }),
  })
  const common = { r: rollout, what: `${rollout.model.name} in ${rollout.environment.name}`, nowMs, commandOf }
  return (
    <>
      <Resume {...common} refusal={onResume ?? null} absent={rollout.state !== 'held'} />
      <Hold {...common} refusal={onHold ?? null} absent={rollout.state === 'held'} />
      <Promote {...common} refusal={onPromote ?? null} />
      <RollBack {...common} refusal={onRollBack ?? null} />
    </>
  )
}

type ControlProps = {
  r: RolloutDetail
  what: string
  nowMs: number
  commandOf: (verb: string, more?: Record<string, unknown>) => Commands
  refusal: Refusal | null
}

function Resume({ r, what, commandOf, refusal, absent }: ControlProps & { absent: boolean }) {
  return (
    <GovernedAction
      opener="Resume…"
      icon="play"
      title={`Resume the rollout of ${what}?`}
      plan={[
        { what: 'State', from: 'held', to: r.step < 0 ? 'pending' : 'progressing' },
        { what: `Weight of ${r.to.version}`, to: `stays ${r.weight} %` },
      ]}
      note={`It is held because: ${r.heldBecause ?? 'no reason is recorded'}. Resuming takes responsibility for what was last seen: a latched trip is let go, and a step whose weights were changed counts afresh.`}
      verb="Resume"
      action={resume}
      commands={commandOf('resume')}
      fields={{ rolloutId: r.id }}
      refusal={refusal}
      absent={absent}
    />
  )
}

function Hold({ r, what, commandOf, refusal, absent }: ControlProps & { absent: boolean }) {
  return (
    <GovernedAction
      opener="Hold…"
      icon="pause"
      title={`Hold the rollout of ${what}?`}
      plan={[
        { what: 'State', from: r.state, to: 'held' },
        { what: `Weight of ${r.to.version}`, to: `stays ${r.weight} %` },
      ]}
      note="No weight rises until somebody resumes it. Metrics that fail still take it back."
      verb={`Hold at ${r.weight} %`}
      action={hold}
      commands={commandOf('hold')}
      fields={{ rolloutId: r.id }}
      refusal={refusal}
      absent={absent}
    />
  )
}

function Promote({ r, what, nowMs, commandOf, refusal }: ControlProps) {
  const next = r.stepViews[r.step + 1]
  const percent = next?.weight ?? 100
  const isStep = next !== undefined && percent < 100
  const { version } = r.to
  const held = r.state === 'held'
  return (
    <GovernedAction
      opener={`Promote to ${percent} %…`}
      icon="up"
      title={isStep ? `Give ${version} ${percent} % of ${what} now?` : `Let ${version} serve all of ${what}?`}
      plan={isStep ? stepLines(r, percent) : promotionLines(r, servingAlias)}
      note={promoteNote(r)}
      verb={`Promote to ${percent} %`}
      action={promote}
      commands={commandOf('promote', { to: isStep ? 'next-step' : 'all', evenIfHeld: held })}
      fields={{ rolloutId: r.id, to: isStep ? 'next-step' : 'all', evenIfHeld: held ? 'yes' : 'no' }}
      {...(isStep ? {} : { outcome: { nowMs, ...reachedOf(r.chain.promotion) } })}
      refusal={refusal}
    />
  )
}

function RollBack({ r, what, nowMs, commandOf, refusal }: ControlProps) {
  return (
    <GovernedAction
      opener="Roll back…"
      icon="undo"
      kind="danger"
      title={`Roll ${what} back to ${r.from.version}?`}
      plan={rollbackLines(r, servingAlias)}
      note="The plan is committed with your reason first; traffic and alias are each read back afterwards. No automatic process can raise the candidate's weight again."
      verb={`Roll back to ${r.from.version}`}
      action={rollBack}
      commands={commandOf('roll-back')}
      fields={{ rolloutId: r.id }}
      outcome={{ nowMs, ...reachedOf(r.chain.rollback), ...problemOf(r) }}
      refusal={refusal}
    />
  )
}

function promoteNote(r: RolloutDetail): string {
  const undecided =
    r.decision?.decision.metrics.filter(({ verdict }) => verdict !== 'pass').map(({ name }) => name) ?? []
  const metrics = undecided.length > 0 ? `Not passed so far: ${undecided.join(', ')}. ` : ''
  const heldFor = r.heldBecause === null ? '' : `It is held (${r.heldBecause}); this goes on all the same. `
  return `${metrics}${heldFor}This is your decision, whatever the metrics say so far; the approval is asked again when it is committed.`
}

function problemOf(r: RolloutDetail): { problem?: string } {
  const { rollback } = r.chain
  if (rollback === null || rollback.toldUnverifiedAt === null || rollback.trafficVerifiedAt !== null) return {}
  return {
    problem: 'The rollback was requested and could not be verified yet. It is retried until it is; people were told.',
  }
}

async function refusalFor(ctx: Ctx, r: RolloutDetail, verb: Verb): Promise<Refusal | null> {
  const mine = r.mine[verb]
  if (mine.allowed) return null
  const scope = { environment: r.environment.name }
  return (await refusalOf(ctx, actionOf[verb], scope, mine)) ?? stateRefusal(mine.because)
}
