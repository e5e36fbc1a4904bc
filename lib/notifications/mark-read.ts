import { z } from 'zod'
import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { updateRead } from './queries.ts'

const id = z.string().startsWith('nt_')
export const MarkReadInput = z.strictObject({
  /** Those, or all that the caller has. */
  ids: z.union([z.array(id).min(1).max(200), z.literal('all')]),
  /** With `all`: the newest that the caller has seen, so that what came meanwhile stays unread. */
  upTo: id.optional(),
  read: z.boolean().default(true),
})
export type MarkReadInput = z.input<typeof MarkReadInput>

/** Marks the caller's own notifications as read or unread; those of others are not touched, whatever ids are sent. */
export async function markRead(ctx: Ctx, input: MarkReadInput): Promise<{ changed: number }> {
  const { ids, upTo, read } = parseInput(MarkReadInput, input)
  await authorizeRead(ctx, 'workspace:read')
  const { workspaceId, actorId: identityId } = ctx
  const readAt = read ? ctx.clock.now() : null
  const changed = await housekeep(ctx, 'notification', (tx) =>
    updateRead(tx, { workspaceId, identityId, ids, readAt, ...(upTo === undefined ? {} : { upTo }) }),
  )
  ctx.notify(['changes'])
  return { changed }
}
