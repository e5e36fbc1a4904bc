import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { beginKey, endLiveKey, selectRequestedKey } from './queries-keys.ts'
import { selectPending } from './queries.ts'

/**
 * How far a new key's interval reaches back: a statement's time is that of its act, and its transaction may commit after
 * the rotation. No transaction lives as long as this.
 */
const overlapMs = 300_000

/**
 * Begins the interval of the key that was asked for and ends the live one's, in one transaction. The new interval begins
 * before the oldest statement that still waits, so that whatever a key signs was stated within its interval.
 * @throws `conflict` when another worker was quicker
 */
export async function activateAttestationKey(
  ctx: Ctx,
  made: { demo: boolean; id: string; keyid: string; publicKey: string },
): Promise<void> {
  const { demo, id, keyid, publicKey } = made
  const load = async (tx: Parameters<typeof selectRequestedKey>[0]) => {
    const subject = await selectRequestedKey(tx, demo)
    return { subject, resource: { kind: 'attestation-key', id, workspaceId: rootWorkspaceId }, name: keyid }
  }
  await mutate(ctx, { action: 'attestation-key:activate', load }, async (tx, requested) => {
    if (requested?.id !== id) throw problem('conflict', 'Another worker has begun this key.', { keyid })
    const now = ctx.clock.now()
    const ended = await endLiveKey(tx, demo, now)
    const { oldestAt } = await selectPending(tx, demo)
    const validFrom = new Date(Math.min(now.getTime() - overlapMs, oldestAt?.getTime() ?? now.getTime()))
    if (!(await beginKey(tx, { id, keyid, publicKey, validFrom })))
      throw problem('conflict', 'Another worker has begun this key.', { keyid })
    const before = ended && {
      keyid: ended.keyid,
      validFrom: ended.validFrom,
      validUntil: now,
      publicKey: ended.publicKey,
    }
    const after = { keyid, demo, publicKey, validFrom, validUntil: null }
    return { value: undefined, audit: { before: before ?? null, after, because: requested.because } }
  })
}
