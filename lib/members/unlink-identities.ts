import { selectPersonIds } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { UnlinkIdentitiesInput } from './model-roles.ts'
import { lockLink, lockLinks, markUnlinked } from './queries-links.ts'

/**
 * Takes back that two identities are one person. What was decided while they were linked stays as it was.
 * @throws `forbidden` for one's own identities, who could then decide on one's own work; `conflict` when it was undone
 */
export async function unlinkIdentities(ctx: Ctx, input: UnlinkIdentitiesInput): Promise<{ linkId: string }> {
  const { linkId, reason } = parseInput(UnlinkIdentitiesInput, input)
  return mutate(
    ctx,
    {
      action: 'identity:unlink',
      load: async (tx) => {
        const subject = await lockLink(tx, linkId)
        return subject && { subject, resource: { kind: 'identity-link', id: linkId, workspaceId: subject.workspaceId } }
      },
    },
    async (tx, link) => {
      const now = ctx.clock.now()
      await lockLinks(tx, ctx.workspaceId)
      const persons = await selectPersonIds(tx, ctx.workspaceId, [ctx.actorId, link.a])
      if (persons.get(ctx.actorId) === persons.get(link.a))
        throw problem('forbidden', 'These are identities of yours: another admin takes that back.')
      if (!(await markUnlinked(tx, linkId, ctx.actorId, now)))
        throw problem('conflict', 'This link was undone already.', { unlinkedAt: link.unlinkedAt })
      return {
        value: { linkId },
        audit: { before: { identities: [link.a, link.b], reason: link.reason }, because: reason },
      }
    },
  )
}
