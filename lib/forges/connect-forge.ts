import { randomBytes } from 'node:crypto'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { ConnectForgeInput } from './model.ts'
import { insertForge } from './queries.ts'
import { sealHookSecret } from './sealed.ts'

/**
 * Lets a repository of GitHub or GitLab tell of its pipelines: one that succeeds becomes evidence of the versions that were
 * built of its commit. The secret of its webhook is sealed and answered this once.
 * @throws `conflict` when the workspace has a connection of that name
 */
export async function connectForge(ctx: Ctx, input: ConnectForgeInput): Promise<{ id: string; hookSecret: string }> {
  const { name, kind, repository, secret } = parseInput(ConnectForgeInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  const load = () => Promise.resolve({ subject: here, resource: here })
  return mutate(ctx, { action: 'forge:connect', load }, async (tx) => {
    const now = ctx.clock.now()
    const id = newId('forge', now)
    // In the form of the Standard Webhooks specification, which GitLab's signing tokens have; to others it is a text.
    const hookSecret = secret ?? `whsec_${randomBytes(32).toString('base64')}`
    const sealedHookSecret = sealHookSecret(ctx.secrets, id, hookSecret)
    const { workspaceId, actorId: createdBy } = ctx
    if (!(await insertForge(tx, { id, workspaceId, name, kind, repository, sealedHookSecret, createdBy, now })))
      throw problem('conflict', `There is a connection named ${name} in this workspace already.`, { name })
    return {
      value: { id, hookSecret },
      audit: {
        resource: { kind: 'forge', id, name },
        after: { name, kind, repository },
        because: 'A repository was connected: its pipelines become evidence.',
      },
    }
  })
}
