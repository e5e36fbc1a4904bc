import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { UnbindRoleInput } from './model.ts'
import { revokeBinding } from './queries-credentials.ts'
import { lockBinding } from './queries.ts'

/** Takes a role away. Votes that were cast under it are judged anew wherever they are counted. */
export async function unbindRole(ctx: Ctx, input: UnbindRoleInput): Promise<{ bindingId: string }> {
  const { bindingId, reason } = parseInput(UnbindRoleInput, input)
  return mutate(
    ctx,
    {
      action: 'member:unbind',
      load: async (tx) => {
        const subject = await lockBinding(tx, bindingId)
        return subject && { subject, resource: { kind: 'binding', id: bindingId, workspaceId: subject.workspace_id } }
      },
    },
    async (tx, binding) => {
      if (!(await revokeBinding(tx, bindingId, ctx.clock.now())))
        throw problem('conflict', 'This role was taken away already.', { revokedAt: binding.revoked_at })
      const before = {
        identityId: binding.identity_id,
        role: binding.role,
        environment: binding.environment,
        label: binding.label,
      }
      return { value: { bindingId }, audit: { before, because: reason } }
    },
  )
}
