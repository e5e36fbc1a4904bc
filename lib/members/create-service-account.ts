import { mutate } from '#lib/mutate.ts'
import { serviceIssuer } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { ServiceAccountInput } from './model-service-accounts.ts'
import { ensureIdentity } from './queries.ts'
import { insertServiceAccount } from './queries-service-accounts.ts'

/**
 * Makes an account for a program. It holds no role until somebody gives it one, by the `issuer` and `subject` returned.
 * @throws `conflict` when the workspace has one of that name, also a disabled one: names in the log stay unambiguous
 */
export async function createServiceAccount(
  ctx: Ctx,
  input: ServiceAccountInput,
): Promise<{ id: string; identityId: string; issuer: string; subject: string }> {
  const { name, purpose } = parseInput(ServiceAccountInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  return mutate(
    ctx,
    { action: 'service-account:create', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      const id = newId('serviceAccount', now)
      const identityId = await ensureIdentity(tx, { issuer: serviceIssuer, subject: id, name, kind: 'service' }, now)
      const account = { id, workspaceId: ctx.workspaceId, identityId, name, purpose, createdBy: ctx.actorId, now }
      if (!(await insertServiceAccount(tx, account)))
        throw problem('conflict', `There is a service account named ${name} already.`, { name })
      return {
        value: { id, identityId, issuer: serviceIssuer, subject: id },
        audit: { resource: { kind: 'service-account', id, name }, after: { name, purpose }, because: 'asked for' },
      }
    },
  )
}
