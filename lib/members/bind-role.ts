import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { problem } from '#lib/platform/errors.ts'
import { BindRoleInput } from './model.ts'
import { ensureIdentity } from './queries.ts'

/** Gives a person or service a role in this workspace. @throws `conflict` when the same binding exists */
export async function bindRole(ctx: Ctx, input: BindRoleInput): Promise<{ bindingId: string; identityId: string }> {
  const { issuer, subject, name, kind, role, environment, label } = parseInput(BindRoleInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  return mutate(
    ctx,
    { action: 'member:bind', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      const identityId = await ensureIdentity(tx, { issuer, subject, name, kind }, now)
      const bindingId = newId('binding', now)
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto('role_binding')
        .values({
          id: bindingId,
          workspace_id: ctx.workspaceId,
          identity_id: identityId,
          role,
          environment,
          label,
          created_at: now,
          created_by: ctx.actorId,
          revoked_at: null,
        })
        .onConflict((c) => c.doNothing())
        .executeTakeFirstOrThrow()
      if (numInsertedOrUpdatedRows !== 1n)
        throw problem('conflict', `${name} holds the role ${role} in that scope already.`, { role })
      const after = { issuer, subject, role, environment, label }
      return {
        value: { bindingId, identityId },
        audit: { resource: { kind: 'binding', id: bindingId, name }, after, because: 'asked for' },
      }
    },
  )
}
