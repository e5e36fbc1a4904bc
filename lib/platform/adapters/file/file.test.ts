import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kmsContract } from '../../ports/kms.contract.ts'
import { fileKms } from './kms.ts'

const now = () => new Date('2026-03-02T09:00:00Z')
const passphrase = 'a passphrase for tests'

kmsContract('a folder of PKCS#8 files', async () => {
  const root = await mkdtemp(join(tmpdir(), 'quarterdeck-kms-'))
  const folder = join(root, 'keys')
  return {
    port: fileKms({ folder, passphrase, now }),
    again: () => fileKms({ folder, passphrase, now }),
    down: async () => {
      // A file where the folder should be: nothing can be read or made in it, also by a superuser.
      await rm(folder, { recursive: true })
      await writeFile(folder, '')
    },
    close: () => rm(root, { recursive: true, force: true }),
  }
})

describe('fileKms', () => {
  it('encrypts what it makes, for its owner alone, and opens it with no other passphrase', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-kms-'))
    await fileKms({ folder, passphrase, now }).ensureKey('key')
    const file = join(folder, 'key.pem')
    expect(await readFile(file, 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const other = fileKms({ folder, passphrase: 'another', now })
    await expect(other.sign('key', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' })
    await rm(folder, { recursive: true })
  })

  it('takes a PKCS#8 file that was put there, and only one on P-256', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-kms-'))
    const pem = (curve: string) =>
      generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    await writeFile(join(folder, 'ours.pem'), pem('prime256v1'))
    await writeFile(join(folder, 'larger.pem'), pem('secp384r1'))
    const kms = fileKms({ folder, passphrase, now })
    await kms.ensureKey('ours')
    expect(await kms.publicKey('ours')).toContain('BEGIN PUBLIC KEY')
    await expect(kms.publicKey('larger')).rejects.toMatchObject({ code: 'unavailable' })
    await rm(folder, { recursive: true })
  })
})
