import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadRegistry } from './load-registry.ts'
import { can, RegistryInput } from './model.ts'
import { makeScanDue } from './queries.ts'

/**
 * Has the worker ask the registry again, and read all that it shows. What comes of it is in the connection's state.
 * @throws `conflict` when the connection was disabled
 */
export async function testRegistry(ctx: Ctx, input: RegistryInput): Promise<{ id: string; state: 'checking' }> {
  const { registryId: id } = parseInput(RegistryInput, input)
  return mutate(ctx, { action: 'registry:test', load: (tx) => loadRegistry(tx, id) }, async (tx, registry) => {
    const may = can.test(registry.state)
    if (!may.allowed) throw problem('conflict', `It cannot be tested: ${may.because}.`, { state: registry.state })
    await makeScanDue(tx, id, ctx.clock.now(), 'checking')
    return {
      value: { id, state: 'checking' as const },
      audit: {
        before: { state: registry.state },
        after: { state: 'checking' },
        because: 'A test of the connection was asked for.',
      },
      wake: ['registries'],
    }
  })
}
