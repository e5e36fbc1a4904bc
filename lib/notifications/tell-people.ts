import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import type { Telling } from './decide.ts'
import { nextDelivery } from './digest-window.ts'
import { insertNotification, selectChannels, selectPreference, type ChannelRow, type PreferenceRow } from './queries.ts'
import type { PersonRow } from './queries-people.ts'
import { insertDelivery, insertItem, lockOpenDigest } from './queries-deliveries.ts'

export type Occasion = {
  workspaceId: string
  telling: Telling
  people: readonly PersonRow[]
  /** What it is told for, such as the entry's id: with kind and person it is told once. */
  cause: string
  /** When it happened. */
  at: Date
  now: Date
}

const windowsMax = 3

/**
 * Puts what is told into inboxes and queues what goes out, in the caller's transaction: with the feed's cursor, so once,
 * whatever crashes. What each person chose is read here; that they may still know it is asked again before it goes out.
 */
export async function tellPeople(tx: Tx, occasion: Occasion): Promise<void> {
  const { workspaceId, telling, people, cause, now } = occasion
  const channels = await selectChannels(tx, workspaceId)
  const mail = channels.find((channel) => channel.kind === 'email')
  for (const person of people) {
    const preference = await selectPreference(tx, workspaceId, person.id)
    await tellPerson(tx, occasion, { person, preference, mail })
  }
  for (const hook of channels) {
    if (hook.kind !== 'webhook' || !hook.kinds.includes(telling.kind)) continue
    const { kind, title, text, resource } = telling
    await insertDelivery(tx, {
      id: newId('delivery', now),
      workspaceId,
      channelId: hook.id,
      identityId: null,
      form: 'webhook',
      dedupe: `hook:${hook.id}:${cause}:${kind}:${resource.id}`,
      payload: { kind, title, text, resource, at: occasion.at.toISOString() },
      dueAt: now,
      now,
    })
  }
}

type Addressee = { person: PersonRow; preference: PreferenceRow; mail: ChannelRow | undefined }

async function tellPerson(tx: Tx, occasion: Occasion, to: Addressee): Promise<void> {
  const { workspaceId, telling, cause, at, now } = occasion
  const { person, preference, mail } = to
  const { kind, title, text, resource } = telling
  const inInbox = preference.inboxKinds.includes(kind)
  const byMail = preference.email !== null && preference.emailKinds.includes(kind) && !isMuted(preference, now)
  if (!inInbox && !byMail) return
  const id = newId('notification', now)
  const dedupe = `${cause}:${kind}:${resource.id}:${person.id}`
  const row = { id, workspaceId, identityId: person.id, kind, title, text, resource, inInbox, at, now, dedupe }
  if (!(await insertNotification(tx, row)) || !byMail || !mail) return
  const delivery = { workspaceId, channelId: mail.id, identityId: person.id, payload: null, now }
  if (preference.timing === 'at-once') {
    const deliveryId = newId('delivery', now)
    await insertDelivery(tx, { ...delivery, id: deliveryId, form: 'at-once', dedupe: `once:${id}`, dueAt: now })
    await insertItem(tx, deliveryId, id)
  } else await addToDigest(tx, { ...delivery, notificationId: id, preference })
}

function isMuted(preference: PreferenceRow, now: Date): boolean {
  return preference.mutedUntil !== null && preference.mutedUntil > now
}

// A digest that is being sent takes nothing in any more: then it is for the next one.
async function addToDigest(
  tx: Tx,
  of: {
    workspaceId: string
    channelId: string
    identityId: string
    payload: null
    now: Date
    notificationId: string
    preference: PreferenceRow
  },
): Promise<void> {
  const { notificationId, preference, ...delivery } = of
  let from = of.now
  for (let window = 0; window < windowsMax; window++) {
    const dueAt = nextDelivery(preference.timing, preference, from)
    const dedupe = `digest:${of.identityId}:${of.channelId}:${dueAt.toISOString()}`
    await insertDelivery(tx, { ...delivery, id: newId('delivery', of.now), form: 'digest', dedupe, dueAt })
    const open = await lockOpenDigest(tx, dedupe)
    if (open !== undefined) return insertItem(tx, open, notificationId)
    from = dueAt
  }
  throw new RangeError(`no digest of the next ${windowsMax} takes the notification ${notificationId}`)
}
