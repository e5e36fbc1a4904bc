'use server'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

/** Takes a role away. */
export async function unbindAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await unbindRole(ctx, { bindingId: field(form, 'bindingId'), reason: field(form, 'reason') })
    return 'The role is taken away. Votes that were cast under it count no more.'
  })
}
