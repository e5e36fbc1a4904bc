import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { RotateKeyInput, type KeyView } from './model.ts'
import { insertKey, selectLiveKey, selectRequestedKey } from './queries-keys.ts'

/**
 * Asks for another signing key, in the installation's own workspace. The worker makes it at the key management system and
 * then, in one transaction, ends the old key's interval and begins the new one's: until that moment the old one signs.
 * @throws `conflict` while one is asked for already, or when a key was ever used under that name
 */
export async function rotateAttestationKey(ctx: Ctx, input: RotateKeyInput): Promise<KeyView> {
  const { demo, keyRef, reason } = parseInput(RotateKeyInput, input)
  const kind = demo ? 'demo' : 'production'
  const load = () =>
    Promise.resolve({ subject: kind, resource: { kind: 'attestation-key', id: kind, workspaceId: rootWorkspaceId } })
  return mutate(ctx, { action: 'attestation-key:rotate', load }, async (tx) => {
    const now = ctx.clock.now()
    const id = newId('attestationKey', now)
    const name = keyRef ?? `${kind}-${id.slice(3)}`
    const isNew = await insertKey(tx, { id, demo, keyRef: name, because: reason, requestedBy: ctx.actorId, now })
    if (!isNew) {
      const asked = await selectRequestedKey(tx, demo)
      const because = asked ? 'a new key is asked for already' : 'a key was used under that name before'
      throw problem('conflict', `Not possible: ${because}.`, { keyRef: name })
    }
    const live = await selectLiveKey(tx, demo)
    const audit = {
      before: { keyid: live?.keyid ?? null },
      after: { keyId: id, keyRef: name, demo },
      because: reason,
      resource: { kind: 'attestation-key', id, name: kind },
    }
    return { value: { id, demo, keyid: null, publicKey: null, validFrom: null, validUntil: null }, audit }
  })
}
