'use server'
import { acknowledgeFinding } from '#lib/drift/acknowledge-finding.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

export async function acknowledge(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await acknowledgeFinding(ctx, { findingId: field(form, 'findingId'), reason: field(form, 'reason') })
    return 'Acknowledged: the finding bears your name, and goes on being updated.'
  })
}
