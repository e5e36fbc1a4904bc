import { groupsKnownSince } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { can, UnbindRoleInput } from './model.ts'
import { markRevoked } from './queries-bindings.ts'
import { lockBinding, selectAdmins } from './queries.ts'
import { selectGroupAdmins } from './queries-roles.ts'

/**
 * Takes a role away. Votes that were cast under it are judged anew wherever they are counted.
 * @throws `conflict` for a role of the installation's own and for the last admin's, who could not be replaced
 */
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
      const now = ctx.clock.now()
      const admins = await selectAdmins(tx, ctx.workspaceId, now)
      const groups = await selectGroupAdmins(tx, ctx.workspaceId, groupsKnownSince(now))
      const may = can.unbind(binding, [...admins, ...groups])
      if (binding.revoked_at === null && !may.allowed)
        throw problem('conflict', `Not possible: ${may.because}.`, { role: binding.role })
      if (!(await markRevoked(tx, 'role_binding', bindingId, now)))
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
