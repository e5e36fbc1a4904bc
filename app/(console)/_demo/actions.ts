'use server'
import { controlDemo } from '#lib/demo/control-demo.ts'
import { removeDemo } from '#lib/demo/remove-demo.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

export async function control(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const paused = field(form, 'paused')
    const speed = field(form, 'speed')
    const now = await controlDemo(ctx, {
      ...(paused === '' ? {} : { paused: paused === 'yes' }),
      ...(speed === '' ? {} : { speed: Number(speed) }),
    })
    return now.paused
      ? 'Requested: it pauses within a second.'
      : `Requested: it plays at ${now.speed}× within a second.`
  })
}

export async function remove(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const { endpoints, rollouts, roles } = await removeDemo(ctx, { reason: field(form, 'reason') })
    return `Requested: ${endpoints.length} endpoints are retired, ${rollouts} rollouts ended, ${roles} roles taken back.`
  })
}
