'use server'
import { createChannel } from '#lib/notifications/create-channel.ts'
import { kinds, type CreateChannelInput, type SetPreferenceInput } from '#lib/notifications/model.ts'
import { removeChannel } from '#lib/notifications/remove-channel.ts'
import { retryDelivery } from '#lib/notifications/retry-delivery.ts'
import { setPreference } from '#lib/notifications/set-preference.ts'
import { testChannel } from '#lib/notifications/test-channel.ts'
import { act, field } from '../../../_server/act.ts'
import type { ActionState } from '../../../_ui/dialog/action-state.ts'

/** What the person ticked and chose. */
export async function setPreferenceAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const email = field(form, 'email').trim()
    const days = Number(field(form, 'muteDays'))
    const view = await setPreference(ctx, {
      inboxKinds: ticked(form, 'inbox'),
      email: email === '' ? null : email,
      emailKinds: ticked(form, 'email'),
      timing: field(form, 'timing') as SetPreferenceInput['timing'],
      timeZone: field(form, 'timeZone'),
      digestHour: Number(field(form, 'digestHour')),
      mutedUntil: days > 0 ? new Date(ctx.clock.now().getTime() + days * 86_400_000) : null,
    })
    return view.emailBecause && email !== '' ? `Saved. ${view.emailBecause}` : 'Saved.'
  })
}

/** Adds the mail server of the workspace. */
export async function addMailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const [user, password] = [field(form, 'user'), field(form, 'password')]
    await createChannel(ctx, {
      kind: 'email',
      name: field(form, 'name'),
      config: {
        host: field(form, 'host'),
        port: Number(field(form, 'port')),
        security: field(form, 'security') as 'starttls' | 'tls' | 'none',
        from: field(form, 'from'),
        recipientDomains: field(form, 'domains')
          .toLowerCase()
          .split(/[\s,]+/)
          .filter(Boolean),
        ...(user === '' ? {} : { user }),
      },
      ...(password === '' ? {} : { password }),
    } satisfies CreateChannelInput)
    return 'Added. Send yourself a test.'
  })
}

/** Adds a webhook; its secret is in the answer and nowhere else. */
export async function addWebhookAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const { secret } = await createChannel(ctx, {
      kind: 'webhook',
      name: field(form, 'name'),
      config: { url: field(form, 'url') },
      kinds: ticked(form, 'hook'),
    })
    return `Added. Its signing secret, shown this once: ${secret ?? ''}`
  })
}

/** Sends a test by a channel. */
export async function testChannelAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await testChannel(ctx, { channelId: field(form, 'channelId') })
    return 'A test is on its way: the deliveries below say what came of it.'
  })
}

export async function removeChannelAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await removeChannel(ctx, { channelId: field(form, 'channelId'), reason: field(form, 'reason') })
    return 'Removed, and its secret with it.'
  })
}

export async function retryDeliveryAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await retryDelivery(ctx, { deliveryId: field(form, 'deliveryId'), reason: field(form, 'reason') })
    return 'It is tried again.'
  })
}

function ticked(form: FormData, column: string) {
  return kinds.filter((kind) => form.get(`${column}:${kind}`) !== null)
}
