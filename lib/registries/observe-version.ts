import { findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import type { RegistryRow } from './queries.ts'

/**
 * Writes what was found about an imported version at its registry: a governed finding, with what `record` notes of it in
 * the same transaction, so that it is told once. @throws whatever `record` throws, and then nothing was found
 */
export async function observeVersion(
  system: System,
  row: RegistryRow,
  found: { versionId: string; name: string; before?: object; after: object; because: string },
  record: (tx: Tx) => Promise<void>,
): Promise<void> {
  const { versionId, name, before, after, because } = found
  await mutate(
    workerCtx(system, row.workspaceId),
    { action: 'registry:observe', load: (tx) => load(tx, versionId) },
    async (tx) => {
      await record(tx)
      return {
        value: undefined,
        audit: {
          outcome: 'found' as const,
          resource: { kind: 'version', id: versionId, name },
          before,
          after: { ...after, registryId: row.id },
          because,
        },
        wake: ['incidents'],
      }
    },
  )
}

async function load(tx: Tx, versionId: string) {
  const subject = await findVersion(tx, versionId)
  if (!subject) return undefined
  const { id, workspaceId, labels } = subject
  return { subject, resource: { kind: 'version', id, workspaceId, labels } }
}
