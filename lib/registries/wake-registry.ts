import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { noteHook, selectRegistry } from './queries.ts'
import { openHookSecret } from './sealed.ts'
import { verifyHook, type HookHeaders } from './verify-hook.ts'

/**
 * A webhook of the registry: a verified one only makes the next reading come sooner, whatever it says, so that what is
 * sent twice, late or in another order does no harm. Many at once are one reading.
 * @throws `unauthenticated` for anything else; it does not say whether there is such a connection
 */
export async function wakeRegistry(
  system: System,
  input: { registryId: string; headers: HookHeaders; body: Uint8Array },
): Promise<void> {
  const now = system.clock.now()
  const row = await selectRegistry(system.db, input.registryId)
  const secret =
    row && row.state !== 'disabled' ? openHookSecret(system.secrets, row.id, row.sealedHookSecret) : undefined
  const verified = verifyHook(secret ?? 'no such connection', input.headers, input.body, now)
  if (!row || secret === undefined || !verified.ok) {
    const because = verified.ok ? 'there is no such connection' : verified.because
    system.log.info({ registryId: input.registryId, because }, 'a webhook was refused')
    throw problem('unauthenticated', 'This delivery is not signed by a registry that is connected here.')
  }
  const isFirst = await housekeep(system, 'registry-mirror', (tx) => noteHook(tx, row.id, now, new Date(0)))
  if (isFirst) system.notify(['registries'])
}
