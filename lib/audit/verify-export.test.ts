import { appendFile, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateNoteKey } from './note-key.ts'
import { contentOf, filesOf, makeExport, testLeaves, testSigner } from './test-export.ts'
import { verifyExport, type VerifyReport } from './verify-export.ts'
import { EMPTY_TAIL, writeExport } from './write-export.ts'
import { signCheckpoint } from './checkpoint.ts'

const signer = testSigner('example.com/audit')
const exports = { tiny: [3], grown: [5, 200, 256, 300], edge: [512] }
type Name = keyof typeof exports
let root: string
let vkey: string
const checkpoints = new Map<string, string[]>()

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'quarterdeck-audit-'))
  for (const [name, sizes] of Object.entries(exports)) {
    const made = await makeExport(path.join(root, name), signer, sizes, true)
    vkey = made.vkey
    checkpoints.set(name, made.checkpoints)
  }
})

afterAll(() => rm(root, { recursive: true, force: true }))

const at = (name: Name, ...rest: string[]): string => path.join(root, name, ...rest)
const said = (report: VerifyReport): string[] => report.findings.map(({ kind, where }) => `${kind} ${where}`)

/** Verifies a copy of an export after a change to it. */
async function afterChange(name: Name, change: (folder: string) => Promise<unknown>): Promise<VerifyReport> {
  const folder = await mkdtemp(path.join(root, 'copy-'))
  await cp(at(name), folder, { recursive: true })
  await change(folder)
  return verifyExport(folder, { vkey })
}

describe('a sound export', () => {
  it.each(Object.keys(exports) as Name[])('%s passes, whole, with its contents', async (name) => {
    const size = exports[name].at(-1)!
    const report = await verifyExport(at(name), { vkey, entries: 'complete' })
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({ ok: true, keyTrusted: true, origin: 'example.com/audit', size, findingsOmitted: 0 })
    const erased = Math.ceil((size - 3) / 7)
    expect(report.contents).toEqual({ checked: size - erased, erased, unjudged: 0, unnamed: 0 })
  })

  it('extends every checkpoint that was published on the way', async () => {
    for (const previousCheckpoint of checkpoints.get('grown')!)
      expect((await verifyExport(at('grown'), { vkey, previousCheckpoint })).findings).toEqual([])
  })

  it('says that a key inside the folder proves nothing', async () => {
    const report = await verifyExport(at('tiny'))
    expect(report).toMatchObject({ ok: true, keyTrusted: false })
    expect(report.notes.join(' ')).toContain('proves nothing')
  })

  it('may be a foreign log, whose leaves are not ours', async () => {
    const folder = path.join(root, 'foreign')
    await writeExport(folder, [Buffer.from('a'), Buffer.alloc(0)], {
      tail: EMPTY_TAIL,
      durable: true,
      checkpoint: (head) => signCheckpoint({ origin: signer.name, ...head }, 'nothing-signed-yet', [signer]),
    })
    expect((await verifyExport(folder, { vkey, leaves: 'opaque' })).findings).toEqual([])
    expect(said(await verifyExport(folder, { vkey }))).toEqual(Array(2).fill('leaf-malformed tile/entries/000.p/2'))
  })

  it('may be empty', async () => {
    const folder = path.join(root, 'empty')
    await makeExport(folder, signer, [0], true)
    expect(await verifyExport(folder, { vkey, entries: 'complete' })).toMatchObject({ ok: true, size: 0 })
  })
})

describe('a flipped bit', () => {
  it.each(Object.keys(exports) as Name[])('anywhere in %s is found, and names its file alone', async (name) => {
    const folder = await mkdtemp(path.join(root, 'flip-'))
    await cp(at(name), folder, { recursive: true })
    const files = await filesOf(folder)
    const place = fc.record({ file: fc.constantFrom(...files), offset: fc.nat(), bit: fc.nat(7) })
    await fc.assert(
      fc.asyncProperty(place, async ({ file, offset, bit }) => {
        const whole = await readFile(path.join(folder, file))
        const bad = Buffer.from(whole)
        bad[offset % bad.length]! ^= 1 << bit
        await writeFile(path.join(folder, file), bad)
        const report = await verifyExport(folder, { vkey })
        await writeFile(path.join(folder, file), whole)
        expect(report.ok).toBe(false)
        expect(new Set(report.findings.map(({ where }) => where))).toEqual(new Set([file]))
      }),
      { numRuns: name === 'tiny' ? 300 : 90 },
    )
  })

  it('in an entry names the leaf, and in a content the audit entry', async () => {
    const entry = await afterChange('grown', async (folder) => {
      const file = path.join(folder, 'tile/entries/000')
      const bytes = await readFile(file)
      bytes[2 + 40]! ^= 1
      await writeFile(file, bytes)
    })
    expect(entry.findings).toMatchObject([{ kind: 'entry-mismatch', where: 'tile/entries/000', index: 0 }])
    const content = await afterChange('tiny', async (folder) => {
      const file = path.join(folder, 'entries.ndjson')
      await writeFile(file, (await readFile(file, 'utf8')).replace('rollout/1"', 'rollout/9"'))
    })
    expect(contentOf(1)).toMatchObject({ resource: 'rollout/1' })
    expect(content.findings).toMatchObject([
      { kind: 'content-mismatch', where: 'entries.ndjson', index: 1, id: 'ae_00000000000000000000000001' },
    ])
  })
})

describe('damage', () => {
  const cases: [string, Name, (folder: string) => Promise<unknown>, string[]][] = [
    ['a missing tile', 'grown', (f) => rm(path.join(f, 'tile/0/000')), ['missing-file tile/0/000']],
    [
      'a missing upper tile',
      'grown',
      (f) => rm(path.join(f, 'tile/1'), { recursive: true }),
      ['missing-file tile/1/000.p/1'],
    ],
    [
      'a missing bundle',
      'grown',
      (f) => rm(path.join(f, 'tile/entries/001.p/44')),
      ['missing-file tile/entries/001.p/44'],
    ],
    ['a missing checkpoint', 'tiny', (f) => rm(path.join(f, 'checkpoint')), ['missing-file checkpoint']],
    ['no folder at all', 'tiny', (f) => rm(f, { recursive: true }), ['missing-file checkpoint']],
    ['a cut tile', 'grown', (f) => truncate(path.join(f, 'tile/0/000'), 8191), ['wrong-length tile/0/000']],
    [
      'a cut bundle',
      'tiny',
      (f) => truncate(path.join(f, 'tile/entries/000.p/3'), 300),
      ['bundle-malformed tile/entries/000.p/3'],
    ],
    [
      'a cut early partial bundle',
      'grown',
      (f) => truncate(path.join(f, 'tile/entries/000.p/200'), 700),
      ['bundle-malformed tile/entries/000.p/200'],
    ],
    [
      'a longer bundle',
      'tiny',
      (f) => appendFile(path.join(f, 'tile/entries/000.p/3'), '\0\0'),
      ['bundle-malformed tile/entries/000.p/3'],
    ],
    ['an extra file', 'tiny', (f) => writeFile(path.join(f, 'note.txt'), ''), ['extra-file note.txt']],
    [
      'a tile of a larger tree',
      'tiny',
      (f) => cp(path.join(f, 'tile/0/000.p/3'), path.join(f, 'tile/0/000.p/4')),
      ['extra-file tile/0/000.p/4'],
    ],
    [
      'a tile under another name',
      'tiny',
      (f) => cp(path.join(f, 'tile/0/000.p/3'), path.join(f, 'tile/00/000.p/3')),
      ['extra-file tile/00/000.p/3'],
    ],
    [
      'a folder in a file’s place',
      'tiny',
      async (f) => {
        await rm(path.join(f, 'checkpoint'))
        await mkdir(path.join(f, 'checkpoint'))
      },
      ['unreadable-file checkpoint'],
    ],
    [
      'a link',
      'tiny',
      async (f) => {
        await rename(path.join(f, 'tile/0/000.p/3'), path.join(f, 'x'))
        await symlink('../../x', path.join(f, 'tile/0/000.p/3'))
      },
      ['unreadable-file tile/0/000.p/3', 'extra-file x'],
    ],
    [
      'contents cut at a line’s end',
      'tiny',
      async (f) => {
        const t = await readFile(path.join(f, 'entries.ndjson'), 'utf8')
        await writeFile(path.join(f, 'entries.ndjson'), t.split('\n').slice(0, 2).join('\n') + '\n')
      },
      ['content-malformed entries.ndjson'],
    ],
    [
      'contents cut within a line',
      'tiny',
      (f) => truncate(path.join(f, 'entries.ndjson'), 100),
      ['content-malformed entries.ndjson'],
    ],
    [
      'another key in the folder',
      'tiny',
      (f) => writeFile(path.join(f, 'log.vkey'), `${generateNoteKey('example.com/audit').vkey}\n`),
      ['key-differs log.vkey'],
    ],
  ]
  it.each(cases)('%s is a finding', async (_what, name, change, expected) => {
    const report = await afterChange(name, change)
    expect(report.ok).toBe(false)
    expect(said(report).sort()).toEqual([...expected].sort())
  })

  it('of a bundle and its tile together is named at both', async () => {
    const report = await afterChange('grown', async (folder) => {
      await rm(path.join(folder, 'tile/entries/000'))
      await rm(path.join(folder, 'tile/0/000'))
    })
    expect(said(report)).toEqual(['missing-file tile/entries/000', 'missing-file tile/0/000'])
    expect(report).toMatchObject({ root: null, contents: { unjudged: expect.any(Number) } })
  })

  it('that makes bundle and tiles agree is still caught by the signed root', async () => {
    const held = await readFile(at('tiny', 'checkpoint'), 'utf8')
    await writeExport(path.join(root, 'forged'), [...testLeaves(0, 2), ...testLeaves(7, 8)], {
      tail: EMPTY_TAIL,
      durable: false,
      checkpoint: (head) => signCheckpoint({ origin: signer.name, ...head }, 'nothing-signed-yet', [signer]),
    })
    await writeFile(path.join(root, 'forged/checkpoint'), held)
    expect(said(await verifyExport(path.join(root, 'forged'), { vkey }))).toEqual(['root-mismatch checkpoint'])
  })
})

describe('history', () => {
  it('that was rewritten and signed anew does not extend the checkpoint kept elsewhere', async () => {
    const folder = path.join(root, 'history')
    await writeExport(folder, testLeaves(1, 20), {
      tail: EMPTY_TAIL,
      durable: false,
      checkpoint: (head) => signCheckpoint({ origin: signer.name, ...head }, 'nothing-signed-yet', [signer]),
    })
    const [kept] = checkpoints.get('tiny')!
    expect((await verifyExport(folder, { vkey })).ok).toBe(true)
    const report = await verifyExport(folder, { vkey, previousCheckpoint: kept! })
    expect(said(report)).toEqual(['inconsistent-with-previous checkpoint'])
  })

  it('that was cut is shorter than the checkpoint kept elsewhere', async () => {
    const kept = checkpoints.get('edge')!.at(-1)!
    expect(said(await verifyExport(at('grown'), { vkey, previousCheckpoint: kept }))).toEqual(['shrunk checkpoint'])
  })

  it('cannot be held against a previous checkpoint that nobody trusted signed', async () => {
    const report = await verifyExport(at('tiny'), { vkey, previousCheckpoint: 'nonsense' })
    expect(said(report)).toEqual(['checkpoint-invalid previous checkpoint'])
  })

  it('is not believed under another key', async () => {
    const other = generateNoteKey('example.com/audit').vkey
    const report = await verifyExport(at('tiny'), { vkey: other })
    expect(said(report)).toEqual(['key-differs log.vkey', 'checkpoint-invalid checkpoint'])
    await expect(verifyExport(at('tiny'), { vkey: 'nonsense' })).rejects.toMatchObject({ code: 'key-invalid' })
  })
})

describe('contents', () => {
  it('that should be complete are missing leaf by leaf, and file', async () => {
    const folder = path.join(root, 'no-contents')
    await makeExport(folder, signer, [4], false)
    expect(said(await verifyExport(folder, { vkey }))).toEqual([])
    expect(said(await verifyExport(folder, { vkey, entries: 'complete' }))).toEqual(['missing-file entries.ndjson'])
    await writeFile(path.join(folder, 'entries.ndjson'), '{"erased":true,"index":1}\n{"lines":1}\n')
    const report = await verifyExport(folder, { vkey, entries: 'complete' })
    expect(report.findings.map(({ kind, index }) => [kind, index])).toEqual(
      [0, 2, 3].map((i) => ['content-missing', i]),
    )
    expect((await verifyExport(folder, { vkey })).contents).toEqual({ checked: 0, erased: 1, unjudged: 0, unnamed: 0 })
  })

  it.each([
    ['out of order', '{"erased":true,"index":1}\n{"erased":true,"index":1}\n{"lines":2}\n', 'content-malformed'],
    ['beyond the log', '{"erased":true,"index":9}\n{"lines":1}\n', 'content-mismatch'],
    ['not canonical', '{"index":1,"erased":true}\n{"lines":1}\n', 'content-malformed'],
    ['after the end', '{"lines":0}\n{"erased":true,"index":1}\n', 'content-malformed'],
    ['miscounted', '{"erased":true,"index":1}\n{"lines":2}\n', 'content-malformed'],
    ['with an unknown property', '{"erased":true,"index":1,"why":"x"}\n{"lines":1}\n', 'content-malformed'],
  ])('%s are a finding', async (_what, text, kind) => {
    const report = await afterChange('tiny', (folder) => writeFile(path.join(folder, 'entries.ndjson'), text))
    expect(said(report)).toEqual([`${kind} entries.ndjson`])
  })
})
