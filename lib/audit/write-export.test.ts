import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signCheckpoint } from './checkpoint.ts'
import { writeEntries } from './entries-file.ts'
import { filesOf, makeExport, testLeaves, testSigner } from './test-export.ts'
import { verifyExport } from './verify-export.ts'
import { EMPTY_TAIL, readTail, writeExport, type WriteOptions } from './write-export.ts'

const signer = testSigner('example.com/audit')
const golden = path.join(import.meta.dirname, 'golden-export')
let root: string

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'quarterdeck-audit-write-'))
})

afterAll(() => rm(root, { recursive: true, force: true }))

const newFolder = (): Promise<string> => mkdtemp(path.join(root, 'log-'))
const fromStart: WriteOptions = {
  tail: EMPTY_TAIL,
  durable: false,
  checkpoint: (head) => signCheckpoint({ origin: signer.name, ...head }, 'nothing-signed-yet', [signer]),
}

async function bytesOf(folder: string): Promise<Record<string, string>> {
  const files = await filesOf(folder)
  const read = files.map(async (file) => [file, (await readFile(path.join(folder, file))).toString('base64')] as const)
  return Object.fromEntries(await Promise.all(read))
}

describe('writing a log', () => {
  it('gives the golden export, byte for byte, which verifies under its known key', async () => {
    const folder = await newFolder()
    const { vkey } = await makeExport(folder, signer, [2, 5], true)
    expect(vkey).toBe((await readFile(path.join(golden, 'log.vkey'), 'utf8')).trim())
    expect(await bytesOf(folder)).toEqual(await bytesOf(golden))
    expect((await verifyExport(golden, { vkey, entries: 'complete' })).findings).toEqual([])
  })

  it('gives the same log at once or in any parts, and keeps the tiles of each part', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 3 }), async (steps) => {
        const sizes = steps.map((_, i) => steps.slice(0, i + 1).reduce((a, b) => a + b, 0))
        const [parts, whole] = [await newFolder(), await newFolder()]
        const { vkey } = await makeExport(parts, signer, sizes, false)
        await makeExport(whole, signer, sizes.slice(-1), false)
        expect((await verifyExport(parts, { vkey })).findings).toEqual([])
        expect(await bytesOf(parts)).toMatchObject(await bytesOf(whole))
      }),
      { numRuns: 8 },
    )
  })

  it('writes bundle, tile and checkpoint in that order: a writer that dies publishes nothing', async () => {
    const folder = await newFolder()
    async function* dying(): AsyncGenerator<Buffer> {
      yield* testLeaves(0, 300)
      throw new Error('killed')
    }
    await expect(writeExport(folder, dying(), fromStart)).rejects.toThrow('killed')
    const left = (await filesOf(folder)).filter((file) => !file.startsWith('.staging'))
    expect(left).toEqual(['tile/0/000', 'tile/entries/000'])
    await writeExport(folder, testLeaves(0, 300), fromStart)
    const vkey = (await readFile(path.join(golden, 'log.vkey'), 'utf8')).trim()
    expect((await verifyExport(folder, { vkey })).findings).toEqual([])
  })

  it('has written the bundle when a tile fails, and no checkpoint', async () => {
    const folder = await newFolder()
    await mkdir(path.join(folder, 'tile/0/000.p'), { recursive: true })
    await writeFile(path.join(folder, 'tile/0/000.p/10'), 'another tile')
    await expect(writeExport(folder, testLeaves(0, 10), fromStart)).rejects.toMatchObject({ code: 'immutable-differs' })
    expect(await filesOf(folder)).toEqual(['tile/0/000.p/10', 'tile/entries/000.p/10'])
  })

  it('never changes a published tile', async () => {
    const folder = await newFolder()
    await writeExport(folder, testLeaves(0, 10), fromStart)
    const before = await bytesOf(folder)
    await expect(writeExport(folder, testLeaves(1, 11), fromStart)).rejects.toMatchObject({ code: 'immutable-differs' })
    expect(await bytesOf(folder)).toEqual(before)
  })

  it('refuses a checkpoint of another tree', async () => {
    const other = { ...fromStart, checkpoint: () => fromStart.checkpoint({ size: 9, root: Buffer.alloc(32, 1) }) }
    const folder = await newFolder()
    await expect(writeExport(folder, testLeaves(0, 10), other)).rejects.toMatchObject({ code: 'inconsistent' })
    expect(await filesOf(folder)).not.toContain('checkpoint')
  })
})

describe('going on with a log', () => {
  it('refuses a folder whose tile, bundle or checkpoint is damaged', async () => {
    for (const file of ['tile/0/000.p/10', 'tile/entries/000.p/10', 'checkpoint']) {
      const folder = await newFolder()
      await writeExport(folder, testLeaves(0, 10), fromStart)
      expect(await readTail(folder, [signer])).toMatchObject({ checkpoint: { size: 10 } })
      const bytes = await readFile(path.join(folder, file))
      bytes[20]! ^= 1
      await writeFile(path.join(folder, file), bytes)
      await expect(readTail(folder, [signer])).rejects.toHaveProperty('code')
    }
  })
})

describe('writing contents', () => {
  it('demands order and the form of a line', async () => {
    const folder = await newFolder()
    await mkdir(folder, { recursive: true })
    const erased = (index: number) => ({ index, erased: true as const })
    await expect(writeEntries(folder, [erased(2), erased(2)])).rejects.toMatchObject({ code: 'malformed' })
    await expect(writeEntries(folder, [{ index: 1, entry: {}, salt: 'short' }])).rejects.toMatchObject({
      code: 'malformed',
    })
    expect(await writeEntries(folder, [erased(0), { index: 4, entry: { b: 1, a: 2 }, salt: '00'.repeat(16) }])).toEqual(
      {
        lines: 2,
      },
    )
    expect(await readFile(path.join(folder, 'entries.ndjson'), 'utf8')).toBe(
      `{"erased":true,"index":0}\n{"entry":{"a":2,"b":1},"index":4,"salt":"${'00'.repeat(16)}"}\n{"lines":2,"sha256":"021c17321f285bc41866715f529d4f33b31d34409d1277709dc873800ee034fb"}\n`,
    )
  })
})
