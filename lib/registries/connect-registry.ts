import { randomBytes } from 'node:crypto'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { ConnectRegistryInput, type RegistrySettings } from './model.ts'
import { insertRegistry } from './queries.ts'
import { sealAuth, sealHookSecret } from './sealed.ts'

export type ConnectedRegistry = { id: string; name: string; state: 'checking'; hookSecret: string }

/**
 * Connects a model registry outside. Its credentials are sealed and never shown again; the worker asks it at once and says
 * what came of it in the connection's state. The webhook secret is answered this once.
 * @throws `conflict` when the workspace has a connection of that name
 */
export async function connectRegistry(ctx: Ctx, input: ConnectRegistryInput): Promise<ConnectedRegistry> {
  const { name, url, auth, ca, upstreamWorkspace, outsideEdits } = parseInput(ConnectRegistryInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  return mutate(
    ctx,
    { action: 'registry:connect', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      const id = newId('registry', now)
      const hookSecret = randomBytes(32).toString('base64url')
      const settings: RegistrySettings = {
        auth: auth.kind,
        username: auth.kind === 'basic' ? auth.username : null,
        ca: ca ?? null,
        upstreamWorkspace: upstreamWorkspace ?? null,
      }
      const isNew = await insertRegistry(tx, {
        id,
        workspaceId: ctx.workspaceId,
        name,
        kind: 'mlflow',
        url,
        settings,
        outsideEdits,
        sealedCredentials: sealAuth(ctx.secrets, id, auth),
        sealedHookSecret: sealHookSecret(ctx.secrets, id, hookSecret),
        because: 'It is being asked.',
        createdBy: ctx.actorId,
        now,
      })
      if (!isNew) throw problem('conflict', `There is a connection named ${name} in this workspace already.`, { name })
      return {
        value: { id, name, state: 'checking' as const, hookSecret },
        audit: {
          resource: { kind: 'registry', id, name },
          after: { name, kind: 'mlflow', url, auth: auth.kind, ownAuthority: ca !== undefined, outsideEdits },
          because: 'A model registry was connected.',
        },
        wake: ['registries'],
      }
    },
  )
}
