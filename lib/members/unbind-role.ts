import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { UnbindRoleInput } from './model.ts'
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
      if (binding.revoked_at !== null)
        throw problem('conflict', 'This role was taken away already.', { revokedAt: binding.revoked_at })
      await tx.updateTable('role_binding').set({ revoked_at: ctx.clock.now() }).where('id', '=', bindingId).execute()
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
