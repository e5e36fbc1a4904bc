import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { lockTokenSigner, retireTokenSigner } from './queries-service-accounts.ts'
import { makeTokenKey } from './sign-token.ts'

/**
 * Rotates the key of our own issuer: a new one signs from now on, the one before verifies what it signed until that has
 * expired. Two keys live at most: rotating twice ends at once what the first one signed, for a key that was stolen. An act
 * in the installation's own workspace. @throws `conflict` when somebody else rotated at the same moment
 */
export async function rotateTokenKey(ctx: Ctx): Promise<{ keyId: string; retiredKeyId: string | null }> {
  const root = { kind: 'workspace', id: rootWorkspaceId, workspaceId: rootWorkspaceId }
  return mutate(
    ctx,
    { action: 'signing-key:rotate', load: () => Promise.resolve({ subject: root, resource: root }) },
    async (tx) => {
      const now = ctx.clock.now()
      const retired = await lockTokenSigner(tx)
      if (retired && !(await retireTokenSigner(tx, retired.id, now)))
        throw problem('conflict', 'The key was rotated by somebody else at this moment.')
      const { id } = await makeTokenKey(tx, ctx)
      const retiredKeyId = retired?.id ?? null
      return {
        value: { keyId: id, retiredKeyId },
        audit: {
          resource: { kind: 'signing-key', id },
          before: { keyId: retiredKeyId },
          after: { keyId: id },
          because: 'asked for',
        },
      }
    },
  )
}
