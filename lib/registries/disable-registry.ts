import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadRegistry } from './load-registry.ts'
import { can, DisableRegistryInput } from './model.ts'
import { disableRow } from './queries.ts'

/**
 * Ends a connection for good: nothing is read or written there any more, its credentials are forgotten. What was imported
 * stays; its aliases are then only here.
 * @throws `conflict` when it was disabled before
 */
export async function disableRegistry(
  ctx: Ctx,
  input: DisableRegistryInput,
): Promise<{ id: string; state: 'disabled' }> {
  const { registryId: id, reason } = parseInput(DisableRegistryInput, input)
  return mutate(ctx, { action: 'registry:disable', load: (tx) => loadRegistry(tx, id) }, async (tx, registry) => {
    const may = can.disable(registry.state)
    if (!may.allowed) throw problem('conflict', 'The connection was disabled before.', { state: registry.state })
    await disableRow(tx, id, reason)
    return {
      value: { id, state: 'disabled' as const },
      audit: { before: { state: registry.state }, after: { state: 'disabled' }, because: reason },
    }
  })
}
