import type { Tx } from '#lib/platform/db/schema.ts'
import type { RegistryRow } from './queries.ts'
import { lockRegistry } from './queries.ts'

/** A connection as verbs load it: locked, with what roles are checked against. */
export async function loadRegistry(tx: Tx, id: string) {
  const subject = await lockRegistry(tx, id)
  return subject && { subject, resource: registryResource(subject), name: subject.name }
}

export function registryResource({ id, workspaceId }: Pick<RegistryRow, 'id' | 'workspaceId'>) {
  return { kind: 'registry', id, workspaceId }
}
