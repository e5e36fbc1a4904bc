'use server'
import { editCard } from '#lib/models/edit-card.ts'
import { act, field } from '../../../../../../_server/act.ts'
import type { ActionState } from '../../../../../../_ui/dialog/action-state.ts'

/** Makes the text of the form, or of the file that was chosen, the card of the version. */
export async function editCardAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const { revision } = await editCard(ctx, {
      versionId: field(form, 'versionId'),
      text: field(form, 'text'),
      expectedDigest: field(form, 'expectedDigest'),
      reason: field(form, 'reason'),
    })
    return `Written as revision ${revision}. What was approved with the card before has to be asked for again.`
  })
}
