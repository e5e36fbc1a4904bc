import { createPublicKey, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KmsPort } from './kms.ts'

/** `down` makes the system unreachable for the rest of the suite; `again` is another process's view of the same keys. */
export type KmsUnderTest = {
  port: KmsPort
  again: () => KmsPort
  down: () => Promise<void>
  close: () => Promise<void>
}

/** What every adapter of the port must do. */
export function kmsContract(name: string, open: () => Promise<KmsUnderTest>): void {
  describe(`${name} as a key management system`, () => {
    let u: KmsUnderTest
    beforeAll(async () => {
      u = await open()
    })
    afterAll(() => u.close())
    const bytes = Buffer.from('DSSEv1 4 type 4 body')

    it('signs with the key that it shows, over SHA-256, in DER', async () => {
      await u.port.ensureKey('key-1')
      const publicKey = createPublicKey(await u.port.publicKey('key-1'))
      expect(publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
      const signature = await u.port.sign('key-1', bytes)
      expect(signature[0]).toBe(0x30)
      expect(verify('sha256', bytes, { key: publicKey, dsaEncoding: 'der' }, signature)).toBe(true)
      expect(verify('sha256', Buffer.from('other'), { key: publicKey, dsaEncoding: 'der' }, signature)).toBe(false)
    })

    it('keeps a key that is there, also when several make it at once', async () => {
      const all = [u.port, u.again(), u.again()]
      await Promise.all(all.map((port) => port.ensureKey('key-2')))
      const seen = await Promise.all(all.map((port) => port.publicKey('key-2')))
      expect(new Set(seen).size).toBe(1)
      expect(seen[0]).not.toBe(await u.port.publicKey('key-1'))
      const signature = await u.again().sign('key-2', bytes)
      expect(verify('sha256', bytes, { key: seen[0] ?? '', dsaEncoding: 'der' }, signature)).toBe(true)
    })

    it('says that a key is not there', async () => {
      await expect(u.port.publicKey('nobody')).rejects.toMatchObject({ code: 'not-found' })
      await expect(u.port.sign('nobody', bytes)).rejects.toMatchObject({ code: 'not-found' })
    })

    it('refuses a name that is none', async () => {
      for (const bad of ['', '../key', 'Key', 'a/b', 'x'.repeat(80)])
        await expect(u.port.ensureKey(bad)).rejects.toMatchObject({ code: 'invalid' })
    })

    it('says that it does not answer', async () => {
      await u.down()
      await expect(u.port.sign('key-1', bytes)).rejects.toMatchObject({ code: 'unavailable' })
      await expect(u.port.ensureKey('key-3')).rejects.toMatchObject({ code: 'unavailable' })
    })
  })
}
