import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import type { Secrets } from '#lib/platform/secrets.ts'
import { digestOfSecret } from './create-ingest-key.ts'
import { ingestKinds } from './model.ts'
import { insertIngestKey, selectIngestKey } from './queries.ts'

/** The ingest key of the installation's own data plane, derived from the secret, so that both sides know it unsent. */
export function agentIngestSecret(secrets: Secrets): string {
  return `qdi_${secrets.derive('ingest-key').toString('base64url')}`
}

/**
 * Makes sure that the local agent's ingest key is known. It belongs to the installation's own workspace, which lets it
 * send for endpoints of every workspace: it is the data plane that they all serve from. A key that was revoked stays so.
 */
export async function ensureAgentKey(system: System): Promise<void> {
  const secret = agentIngestSecret(system.secrets)
  const digest = digestOfSecret(secret)
  if (await selectIngestKey(system.db, digest)) return
  try {
    await storeAgentKey(system, digest)
  } catch (error) {
    // Another process of this installation was first, or the key was revoked: either way it is there.
    if (!isProblem(error, 'conflict')) throw error
  }
}

async function storeAgentKey(system: System, secretDigest: string): Promise<void> {
  const here = { kind: 'workspace', id: rootWorkspaceId, workspaceId: rootWorkspaceId }
  const ctx = systemCtx(system)
  await mutate(
    ctx,
    { action: 'ingest-key:create', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = system.clock.now()
      const id = newId('ingestKey', now)
      const key = {
        id,
        workspaceId: rootWorkspaceId,
        endpointId: null,
        kinds: [...ingestKinds],
        secretDigest,
        hint: 'local agent',
        createdBy: ctx.actorId,
        now,
      }
      if (!(await insertIngestKey(tx, key))) throw problem('conflict', 'The key of the local agent is known already.')
      return {
        value: id,
        audit: {
          resource: { kind: 'ingest-key', id, name: 'local agent' },
          because: 'The installation has a data plane of its own.',
        },
      }
    },
  )
}
