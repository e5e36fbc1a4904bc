'use server'
import { markRead } from '#lib/notifications/mark-read.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

/** Marks one notification as read or unread. */
export async function markOneAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await markRead(ctx, { ids: [field(form, 'id')], read: field(form, 'read') === 'true' })
    return ''
  })
}

/** Marks everything up to the newest that was shown as read. */
export async function markAllAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const { changed } = await markRead(ctx, { ids: 'all', upTo: field(form, 'upTo') })
    return `${changed} marked as read.`
  })
}
