import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { TestChannelInput } from './model.ts'
import { lockChannel, selectPreference } from './queries.ts'
import { insertDelivery } from './queries-deliveries.ts'

/**
 * Queues a message that says that it is a test: to the webhook, or by the mail server to the caller's own address. What came
 * of it is in the list of deliveries.
 * @throws `conflict` for a removed channel, or when the caller has given no address for mail
 */
export async function testChannel(ctx: Ctx, input: TestChannelInput): Promise<{ deliveryId: string }> {
  const { channelId } = parseInput(TestChannelInput, input)
  return mutate(ctx, { action: 'channel:test', load: (tx) => load(tx, channelId) }, async (tx, channel) => {
    if (channel.removedAt !== null) throw problem('conflict', 'The channel was removed.')
    const { workspaceId, actorId } = ctx
    const isMail = channel.kind === 'email'
    if (isMail && (await selectPreference(tx, workspaceId, actorId)).email === null)
      throw problem('conflict', 'The test goes to your own address: give one in your settings first.')
    const now = ctx.clock.now()
    const id = newId('delivery', now)
    await insertDelivery(tx, {
      id,
      workspaceId,
      channelId,
      identityId: isMail ? actorId : null,
      form: isMail ? 'test' : 'webhook',
      dedupe: `test:${id}`,
      payload: {
        kind: 'test',
        title: 'A test from Quarterdeck',
        text: 'Somebody pressed the button that sends this. It asks nothing of you.',
        resource: { kind: 'channel', id: channelId },
        at: now.toISOString(),
      },
      dueAt: now,
      now,
    })
    return {
      value: { deliveryId: id },
      audit: { after: { deliveryId: id }, because: 'A test was asked for.' },
      wake: ['notifications'],
    }
  })
}

async function load(tx: Tx, channelId: string) {
  const subject = await lockChannel(tx, channelId)
  if (!subject) return undefined
  const { id, workspaceId, name } = subject
  return { subject, resource: { kind: 'channel', id, workspaceId }, name }
}
