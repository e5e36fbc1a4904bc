'use server'
import { holdRollout } from '#lib/rollouts/hold-rollout.ts'
import { promoteRollout } from '#lib/rollouts/promote-rollout.ts'
import { whatIf } from '#lib/rollouts/reads.ts'
import { resumeRollout } from '#lib/rollouts/resume-rollout.ts'
import { rollBackRollout } from '#lib/rollouts/roll-back-rollout.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { act, checkOwnPage, field } from '../../../_server/act.ts'
import { requireCtx } from '../../../_server/session.ts'
import type { ActionState } from '../../../_ui/dialog/action-state.ts'
import type { WhatIfState } from './_ui/what-if.tsx'

export async function rollBack(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await rollBackRollout(ctx, { rolloutId: field(form, 'rolloutId'), reason: field(form, 'reason') })
    return 'The rollback is requested: its complete plan is committed and the worker carries it out.'
  })
}

export async function hold(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await holdRollout(ctx, { rolloutId: field(form, 'rolloutId'), reason: field(form, 'reason') })
    return 'It is held: no weight rises until somebody resumes it.'
  })
}

export async function resume(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await resumeRollout(ctx, { rolloutId: field(form, 'rolloutId'), reason: field(form, 'reason') })
    return 'It goes on: the worker looks at it again now.'
  })
}

export async function promote(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const promoted = await promoteRollout(ctx, {
      rolloutId: field(form, 'rolloutId'),
      reason: field(form, 'reason'),
      to: field(form, 'to') === 'all' ? 'all' : 'next-step',
      evenIfHeld: field(form, 'evenIfHeld') === 'yes',
    })
    return `Requested: the candidate is to have ${promoted.weight} %. It counts when the weights were read back.`
  })
}

/** Reads only: what another policy would have decided on all that was observed. */
export async function askWhatIf(_: WhatIfState, form: FormData): Promise<WhatIfState> {
  const ctx = await requireCtx()
  const policy = field(form, 'policy')
  try {
    await checkOwnPage(ctx.config)
    const { looked, policyDigest, differences } = await whatIf(ctx, { rolloutId: field(form, 'rolloutId'), policy })
    const rows = differences.map(({ at, ...rest }) => ({ ...rest, atMs: at.getTime() }))
    return { status: 'answered', policy, looked, policyDigest, differences: rows }
  } catch (error) {
    for (const code of ['invalid', 'forbidden', 'not-found'] as const) {
      if (isProblem(error, code)) return { status: 'failed', policy, message: error.message }
    }
    throw error
  }
}
