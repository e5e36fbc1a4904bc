import { selectHeldRoles } from '#lib/access/effective-roles.ts'
import type { System } from '#lib/platform/context.ts'
import type { NotifierChannel, NotifierMessage } from '#lib/platform/ports/notifier.ts'
import { unseal } from '#lib/platform/seal.ts'
import { z } from 'zod'
import { isDecider } from './is-decider.ts'
import { kinds, MailConfig, WebhookConfig } from './model.ts'
import { pathOf } from './path-of.ts'
import { selectChannel, selectPreference, type ChannelRow } from './queries.ts'
import { selectPerson } from './queries-people.ts'
import { selectItems, type DeliveryRow, type ItemRow } from './queries-deliveries.ts'

export type Composed =
  | { send: true; channel: NotifierChannel; message: NotifierMessage }
  /** It concerns nobody any more, or has nowhere to go. */
  | { send: false; because: string }

const Payload = z.object({
  kind: z.enum([...kinds, 'test']),
  title: z.string(),
  text: z.string(),
  resource: z.object({ kind: z.string(), id: z.string() }),
  at: z.iso.datetime().transform((text) => new Date(text)),
})

/**
 * What a delivery sends, as of now: what was queued hours ago may concern somebody who has lost their role, has decided
 * meanwhile, does not want it any more or has another address.
 */
export async function composeDelivery(system: System, delivery: DeliveryRow): Promise<Composed> {
  const channel = await selectChannel(system.db, delivery.channelId)
  if (!channel || channel.removedAt !== null) return { send: false, because: 'the channel was removed' }
  return channel.kind === 'webhook' ? toWebhook(system, delivery, channel) : toMail(system, delivery, channel)
}

function toWebhook(system: System, delivery: DeliveryRow, channel: ChannelRow): Composed {
  const { url } = WebhookConfig.parse(channel.config)
  const { kind, title, text, resource, at } = Payload.parse(delivery.payload)
  const secret = unseal(system.secrets, channel.id, channel.sealedSecret ?? '')
  const data = { resource, workspaceId: delivery.workspaceId }
  const message = {
    ...common(system, delivery),
    at,
    type: kind,
    subject: title,
    text,
    url: pageOf(system, resource),
    data,
  }
  return { send: true, channel: { kind: 'webhook', url, secret }, message }
}

async function toMail(system: System, delivery: DeliveryRow, channel: ChannelRow): Promise<Composed> {
  const { workspaceId, identityId } = delivery
  const person = identityId === null ? undefined : await selectPerson(system.db, identityId)
  if (!person) return { send: false, because: 'nobody is known whom it is for' }
  const preference = await selectPreference(system.db, workspaceId, person.id)
  const { host, port, security, user, from, recipientDomains } = MailConfig.parse(channel.config)
  const { email, mutedUntil } = preference
  const now = system.clock.now()
  if (email === null) return { send: false, because: 'they have given no mail address' }
  if (!recipientDomains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase()))
    return { send: false, because: 'the mail server does not serve the domain of their address' }
  const held = await selectHeldRoles(system.db, { workspaceId, identityIds: [person.id], now, lock: false })
  if (held.roles.length === 0) return { send: false, because: 'they hold no role here any more' }
  const isTest = delivery.form === 'test'
  if (!isTest && mutedUntil !== null && mutedUntil > now) return { send: false, because: 'they have muted mail' }
  const items: ItemRow[] = []
  for (const item of isTest ? [] : await selectItems(system.db, delivery.id)) {
    const isWanted = preference.emailKinds.includes(item.kind)
    const concerns =
      item.kind !== 'approval-waiting' ||
      (await isDecider(system, { workspaceId, person, approvalId: item.resourceId }))
    if (isWanted && concerns) items.push(item)
  }
  if (!isTest && items.length === 0)
    return { send: false, because: 'nothing in it concerns them any more: it was decided, or they want it no longer' }
  const password =
    channel.sealedSecret === null ? {} : { password: unseal(system.secrets, channel.id, channel.sealedSecret) }
  const server = { host, port, security, ...(user === undefined ? {} : { user, ...password }) }
  const words = isTest ? testWords(system, delivery) : wordsOf(system, items)
  return {
    send: true,
    channel: { kind: 'email', server, from, to: email },
    message: { ...common(system, delivery), ...words },
  }
}

type Words = Pick<NotifierMessage, 'at' | 'type' | 'subject' | 'text' | 'url'>

function testWords(system: System, delivery: DeliveryRow): Words {
  const { title, text, at } = Payload.parse(delivery.payload)
  return { at, type: 'test', subject: title, text, url: `${system.config.origin}/inbox` }
}

function wordsOf(system: System, items: readonly ItemRow[]): Words {
  const [first, ...more] = items
  if (!first) throw new TypeError('a mail without anything in it')
  const at = system.clock.now()
  const page = pageOf(system, { kind: first.resourceKind, id: first.resourceId })
  if (more.length === 0) return { at, type: first.kind, subject: first.title, text: first.text, url: page }
  const lines = items.map(
    (each) => `- ${each.title}\n  ${pageOf(system, { kind: each.resourceKind, id: each.resourceId })}`,
  )
  return {
    at,
    type: 'digest',
    subject: `${items.length} things in Quarterdeck: ${first.title}`,
    text: lines.join('\n'),
    url: `${system.config.origin}/inbox`,
  }
}

function common(system: System, delivery: DeliveryRow) {
  return { id: delivery.id, settingsUrl: `${system.config.origin}/settings/notifications` }
}

function pageOf(system: System, resource: { kind: string; id: string }): string {
  return `${system.config.origin}${pathOf(resource)}`
}
