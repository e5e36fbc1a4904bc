import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestFolder, digestOfFiles, openSsfRoot } from './artifact-digest.ts'

const sha = (text: string) => createHash('sha256').update(text).digest('hex')

describe('digestFolder', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quarterdeck-digest-'))
    await mkdir(join(folder, 'weights'))
    await writeFile(join(folder, 'weights', 'a.bin'), 'AAAA')
    await writeFile(join(folder, 'model.json'), '{}')
    await writeFile(join(folder, 'Zebra'), 'z')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is the sha256 of the canonical manifest, written out by hand', async () => {
    const { digest, files } = await digestFolder(folder)
    expect(files).toEqual([
      { path: 'Zebra', size: 1, sha256: sha('z') },
      { path: 'model.json', size: 2, sha256: sha('{}') },
      { path: 'weights/a.bin', size: 4, sha256: sha('AAAA') },
    ])
    const manifest =
      `[{"path":"Zebra","sha256":"${sha('z')}","size":1},{"path":"model.json","sha256":"${sha('{}')}","size":2},` +
      `{"path":"weights/a.bin","sha256":"${sha('AAAA')}","size":4}]`
    expect(digest).toBe(`sha256:${sha(manifest)}`)
    expect(digestOfFiles([...files].reverse())).toBe(digest)
  })

  it('does not depend on times, and does depend on every byte and every name', async () => {
    const before = await digestFolder(folder)
    await utimes(join(folder, 'model.json'), 1, 1)
    expect((await digestFolder(folder)).digest).toBe(before.digest)
    await writeFile(join(folder, 'model.json'), '[]')
    expect((await digestFolder(folder)).digest).not.toBe(before.digest)
    await writeFile(join(folder, 'model.json'), '{}')
    await rename(join(folder, 'Zebra'), join(folder, 'Zebrb'))
    const renamed = await digestFolder(folder)
    expect(renamed.digest).not.toBe(before.digest)
    expect(openSsfRoot(renamed.files)).toBe(openSsfRoot(before.files))
  })

  it('gives the OpenSSF root of the raw digests in the order of the paths', async () => {
    const { files } = await digestFolder(folder)
    const raw = Buffer.concat([sha('z'), sha('{}'), sha('AAAA')].map((hex) => Buffer.from(hex, 'hex')))
    expect(openSsfRoot(files)).toBe(createHash('sha256').update(raw).digest('hex'))
  })

  it('refuses a link, an empty folder and a missing one', async () => {
    await symlink('/etc/hostname', join(folder, 'link'))
    await expect(digestFolder(folder)).rejects.toThrow(/^link is neither/)
    await mkdir(join(folder, 'weights', 'empty'))
    await expect(digestFolder(join(folder, 'weights', 'empty'))).rejects.toMatchObject({ code: 'invalid' })
    await expect(digestFolder(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'not-found' })
  })
})
