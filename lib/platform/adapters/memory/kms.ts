import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { problem } from '#lib/platform/errors.ts'
import type { KmsPort } from '#lib/platform/ports/kms.ts'

/** Keys in memory; `up = false` makes them unreachable. */
export type MemoryKeys = {
  up: boolean
  signatures: number
  pairs: Map<string, { publicKey: string; privateKey: KeyObject }>
}

export function memoryKeys(): MemoryKeys {
  return { up: true, signatures: 0, pairs: new Map() }
}

export function memoryKms(keys: MemoryKeys): KmsPort {
  const pairOf = async (keyRef: string) => {
    requireUp(keys)
    const pair = keys.pairs.get(keyRef)
    if (!pair) throw problem('not-found', `There is no key named ${keyRef}.`, { keyRef })
    return Promise.resolve(pair)
  }
  return {
    async ensureKey(keyRef) {
      requireUp(keys)
      if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(keyRef)) throw problem('invalid', 'No key can have that name.', { keyRef })
      if (keys.pairs.has(keyRef)) return
      const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      keys.pairs.set(keyRef, { publicKey, privateKey: pair.privateKey })
      await Promise.resolve()
    },
    publicKey: async (keyRef) => (await pairOf(keyRef)).publicKey,
    async sign(keyRef, bytes) {
      const { privateKey } = await pairOf(keyRef)
      keys.signatures += 1
      return sign('sha256', bytes, { key: privateKey, dsaEncoding: 'der' })
    },
  }
}

function requireUp(keys: MemoryKeys): void {
  if (!keys.up) throw problem('unavailable', 'The key management system does not answer.')
}
