import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { RemoveChannelInput } from './model.ts'
import { lockChannel, removeChannelRow } from './queries.ts'

/** Removes a channel, and its secret with it. What waits to go out by it is dropped. @throws `conflict` the second time */
export async function removeChannel(ctx: Ctx, input: RemoveChannelInput): Promise<{ channelId: string }> {
  const { channelId, reason } = parseInput(RemoveChannelInput, input)
  return mutate(ctx, { action: 'channel:remove', load: (tx) => load(tx, channelId) }, async (tx, channel) => {
    if (!(await removeChannelRow(tx, channelId, ctx.clock.now())))
      throw problem('conflict', 'The channel was removed already.')
    const { kind, name } = channel
    return { value: { channelId }, audit: { before: { kind, name }, after: { removed: true }, because: reason } }
  })
}

async function load(tx: Tx, channelId: string) {
  const subject = await lockChannel(tx, channelId)
  if (!subject) return undefined
  const { id, workspaceId, name } = subject
  return { subject, resource: { kind: 'channel', id, workspaceId }, name }
}
