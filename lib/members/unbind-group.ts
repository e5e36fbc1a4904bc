import { groupsKnownSince } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { can } from './model.ts'
import { UnbindGroupInput } from './model-roles.ts'
import { markRevoked } from './queries-bindings.ts'
import { selectAdmins } from './queries.ts'
import { lockGroupBinding, selectGroupAdmins } from './queries-roles.ts'

/**
 * Takes a role away from a group. @throws `conflict` when it was taken away already, or when nobody would be left who
 * may give roles here
 */
export async function unbindGroup(ctx: Ctx, input: UnbindGroupInput): Promise<{ bindingId: string }> {
  const { bindingId, reason } = parseInput(UnbindGroupInput, input)
  return mutate(
    ctx,
    {
      action: 'member:unbind',
      load: async (tx) => {
        const subject = await lockGroupBinding(tx, bindingId)
        const resource = { kind: 'group-binding', id: bindingId, workspaceId: subject?.workspace_id ?? '' }
        return subject && { subject, resource, name: subject.group_name }
      },
    },
    async (tx, binding) => {
      const now = ctx.clock.now()
      const { role, environment, label, issuer, group_name: group } = binding
      const admins = await selectAdmins(tx, ctx.workspaceId, now)
      const groups = await selectGroupAdmins(tx, ctx.workspaceId, groupsKnownSince(now))
      const may = can.unbind({ bindingId, role, environment, label, issuer }, [...admins, ...groups])
      if (binding.revoked_at === null && !may.allowed)
        throw problem('conflict', `Not possible: ${may.because}.`, { role })
      if (!(await markRevoked(tx, 'group_binding', bindingId, now)))
        throw problem('conflict', 'This role was taken away already.', { revokedAt: binding.revoked_at })
      return { value: { bindingId }, audit: { before: { issuer, group, role, environment, label }, because: reason } }
    },
  )
}
