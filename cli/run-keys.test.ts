import { createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { madePack } from '#lib/packs/testing/made-pack.ts'
import { writeKeys } from './run-keys.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quarterdeck-keys-'))
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})
afterAll(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

it('writes the keys that the trust file names as PEM, and into no folder that is there already', async () => {
  const { files } = await madePack()
  const trust = join(folder, 'trust.json')
  await writeFile(trust, files['keys/trust.json']!)
  await writeKeys(trust, { out: join(folder, 'keys') })
  const names = await readdir(join(folder, 'keys'))
  expect(names).toContain('log.pem')
  const types = await Promise.all(
    names.map(async (name) => createPublicKey(await readFile(join(folder, 'keys', name), 'utf8')).asymmetricKeyType),
  )
  expect(new Set(types)).toEqual(new Set(['ec', 'ed25519']))
  await expect(writeKeys(trust, { out: join(folder, 'keys') })).rejects.toThrow('EEXIST')
})

it('says what is no trust file', async () => {
  const file = join(folder, 'other.json')
  await writeFile(file, '{"kind":"other"}')
  await expect(writeKeys(file, { out: join(folder, 'none') })).rejects.toThrow('other.json: ')
})
