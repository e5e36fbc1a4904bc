import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { access, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import type { KmsPort } from '#lib/platform/ports/kms.ts'

/**
 * Keys as PKCS#8 files in a folder, `<name>.pem`, readable by their owner alone. Those it makes are encrypted under the
 * passphrase (PBES2, AES-256-CBC); one that somebody puts there may be encrypted under it or not at all.
 */
export function fileKms(options: { folder: string; passphrase: string; now: () => Date }): KmsPort {
  const fileOf = (keyRef: string) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(keyRef))
      throw problem('invalid', 'A key has 1 to 63 lower-case letters, digits and dashes as its name.', { keyRef })
    return join(options.folder, `${keyRef}.pem`)
  }
  const read = async (keyRef: string) => privateKeyOf(await textOf(fileOf(keyRef), keyRef), options.passphrase, keyRef)
  return {
    async ensureKey(keyRef) {
      const file = fileOf(keyRef)
      try {
        await mkdir(options.folder, { recursive: true, mode: 0o700 })
        if (await isThere(file)) return
        await writeOnce(file, newKey(options.passphrase), options.now())
      } catch (cause) {
        throw unavailable(cause)
      }
    },
    async publicKey(keyRef) {
      return createPublicKey(await read(keyRef))
        .export({ type: 'spki', format: 'pem' })
        .toString()
    },
    async sign(keyRef, bytes) {
      return sign('sha256', bytes, { key: await read(keyRef), dsaEncoding: 'der' })
    },
  }
}

function newKey(passphrase: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString()
}

// Whole or not at all: of several that make it at once the first one's link stands.
async function writeOnce(file: string, text: string, now: Date): Promise<void> {
  const draft = `${file}.${newId('attestationKey', now)}`
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function textOf(file: string, keyRef: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT')
      throw problem('not-found', `There is no key named ${keyRef} in the folder of keys.`, { keyRef }, { cause })
    throw unavailable(cause)
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    },
  )
}

function privateKeyOf(pem: string, passphrase: string, keyRef: string): KeyObject {
  try {
    const encrypted = pem.includes('BEGIN ENCRYPTED PRIVATE KEY')
    const key = createPrivateKey(encrypted ? { key: pem, passphrase } : pem)
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new TypeError('not a key on P-256')
    return key
  } catch (cause) {
    throw problem(
      'unavailable',
      `The key ${keyRef} cannot be used: it is not PKCS#8 on P-256, or QUARTERDECK_SECRET is not the one it was encrypted under.`,
      { keyRef },
      { cause },
    )
  }
}

function unavailable(cause: unknown) {
  return problem('unavailable', 'The folder of signing keys cannot be read or written.', {}, { cause })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
