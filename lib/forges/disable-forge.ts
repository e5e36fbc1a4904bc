import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { can, DisableForgeInput } from './model.ts'
import { disableForgeRow, lockForge } from './queries.ts'

/** Ends a connection for good and forgets its secret; evidence that came of it stays. @throws `conflict` when it was */
export async function disableForge(ctx: Ctx, input: DisableForgeInput): Promise<{ forgeId: string }> {
  const { forgeId, reason } = parseInput(DisableForgeInput, input)
  return mutate(
    ctx,
    {
      action: 'forge:disable',
      load: async (tx) => {
        const subject = await lockForge(tx, forgeId)
        const resource = { kind: 'forge', id: forgeId, workspaceId: subject?.workspaceId ?? '' }
        return subject && { subject, resource, name: subject.name }
      },
    },
    async (tx, forge) => {
      const may = can.disable(forge)
      if (!may.allowed) throw problem('conflict', `The connection ${forge.name} cannot be disabled: ${may.because}.`)
      await disableForgeRow(tx, forgeId, { actorId: ctx.actorId, now: ctx.clock.now() })
      return { value: { forgeId }, audit: { after: { disabled: true }, because: reason } }
    },
  )
}
