import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aPersonasVote } from '#lib/attestations/statements.fixture.ts'
import { hexOf, sumsFile, type Files } from './pack-files.ts'
import { madePack, type MadePack } from './testing/made-pack.ts'
import { runVerifyScript, writeFiles, writeKeys } from './testing/run-verify-script.ts'
import { verifyPack } from './verify-pack.ts'

let work: string
let pack: MadePack
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'quarterdeck-pack-'))
  pack = await madePack()
  await writeKeys(join(work, 'keys'), pack.trust)
})
afterAll(() => rm(work, { recursive: true, force: true }))

const verify = (files: Files, demo = false) => verifyPack(files, pack.trust, { demo })
const script = async (files: Files, name: string, args: readonly string[] = []) => {
  const folder = join(work, name)
  await rm(folder, { recursive: true, force: true })
  await writeFiles(folder, files)
  return runVerifyScript(work, folder, ['--trust', join(work, 'keys'), ...args])
}
/** As somebody would who knows how packs are made: the list of files fits what was changed. */
const listed = (files: Files): Files => {
  const { [sumsFile]: _, ...rest } = files
  const lines = Object.keys(rest)
    .sort()
    .map((name) => `${hexOf(rest[name]!)}  ${name}\n`)
    .join('')
  return { ...rest, [sumsFile]: Buffer.from(`${lines}# ${hexOf(Buffer.from(lines))}\n`) }
}
const flipped = (files: Files, name: string, bit: number): Files => {
  const bytes = Buffer.from(files[name]!)
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  return { ...files, [name]: bytes }
}

describe('an evidence pack', () => {
  it('is sound, by the program and by the script', async () => {
    expect(verify(pack.files)).toEqual({ findings: [], attestations: 4, entries: 5, untold: [] })
    const told = await script(pack.files, 'sound')
    expect(told).toEqual({
      code: 0,
      output: 'sound: 4 attestations signed by trusted keys, 5 entries in the audit log\n',
    })
  })

  it.each([1, 2, 3, 7, 8, 9])('has proofs that the script follows in a log of %i', async (entries) => {
    const made = await madePack({ entries })
    await writeKeys(join(work, 'keys-of'), made.trust)
    await writeFiles(join(work, `log-${entries}`), made.files)
    const told = await runVerifyScript(work, join(work, `log-${entries}`), ['--trust', join(work, 'keys-of')])
    expect(told).toMatchObject({ code: 0 })
    expect(verifyPack(made.files, made.trust, { demo: false }).findings).toEqual([])
  })

  it('names the file of any flipped bit', () => {
    const names = Object.keys(pack.files)
    const bits = fc
      .constantFrom(...names)
      .chain((name) => fc.tuple(fc.constant(name), fc.nat({ max: pack.files[name]!.length * 8 - 1 })))
    fc.assert(
      fc.property(bits, ([name, bit]) => {
        expect(verify(flipped(pack.files, name, bit)).findings.map((f) => f.file)).toEqual([name])
      }),
      { numRuns: 300 },
    )
  })

  it('names a changed attestation, proof or content also when the list of files was made anew', async () => {
    const names = Object.keys(pack.files).filter((n) => /^(attestations|audit|checkpoint)/.test(n))
    for (const name of names) {
      const bit = Math.floor(pack.files[name]!.length / 2) * 8 + 1
      const files = listed(flipped(pack.files, name, bit))
      const base = name.replace(/\.(leaf|salt|json|tlog-proof)$/, '')
      const report = verify(files)
      expect(report.findings.length).toBeGreaterThan(0)
      expect(report.findings.some((f) => f.file.startsWith(base))).toBe(true)
    }
    for (const name of [
      'checkpoint',
      names.find((n) => n.endsWith('.dsse.json'))!,
      names.find((n) => n.endsWith('.leaf'))!,
      names.find((n) => /^audit.*\.json$/.test(n))!,
      names.find((n) => n.endsWith('.tlog-proof'))!,
    ]) {
      const bit = Math.floor(pack.files[name]!.length / 2) * 8 + 1
      const told = await script(listed(flipped(pack.files, name, bit)), 'changed')
      expect(told.code).toBe(1)
      expect(told.output).toContain(name.replace(/\.(leaf|json|tlog-proof)$/, ''))
    }
  })

  it('misses a vote that the decision rests on', async () => {
    const { ['attestations/vote-at_1.dsse.json']: _, ...rest } = pack.files
    const files = listed(rest)
    expect(verify(files).findings).toMatchObject([
      { file: 'attestations/decision-at_3.dsse.json', code: 'input-missing' },
    ])
    const told = await script(files, 'missing')
    expect(told).toMatchObject({ code: 1 })
    expect(told.output).toContain('attestations/decision-at_3.dsse.json: rests on sha256:')
  })

  it('believes no key that it brings itself', async () => {
    const other = await madePack()
    expect(verify(other.files).findings.map((f) => f.code)).toContain('key-unknown')
    expect(await script(other.files, 'foreign')).toMatchObject({ code: 1 })
    expect(verifyPack(pack.files, undefined, { demo: false }).untold).toHaveLength(1)
    await writeFiles(join(work, 'untrusted'), pack.files)
    expect(await runVerifyScript(work, join(work, 'untrusted'), [])).toMatchObject({ code: 2 })
  })

  it('refuses what personas did unless told', async () => {
    const made = await madePack({ statements: [aPersonasVote()] })
    const codes = verifyPack(made.files, made.trust, { demo: false }).findings.map((f) => f.code)
    expect(codes).toContain('demo')
    expect(verifyPack(made.files, made.trust, { demo: true }).findings).toEqual([])
    await writeKeys(join(work, 'demo-keys'), made.trust)
    await writeFiles(join(work, 'demo'), made.files)
    const told = (args: string[]) =>
      runVerifyScript(work, join(work, 'demo'), ['--trust', join(work, 'demo-keys'), ...args])
    expect(await told([])).toMatchObject({ code: 1 })
    expect(await told(['--demo'])).toMatchObject({ code: 0 })
  })

  it('has a page that runs nothing, asks for nothing and escapes what it is given', () => {
    const page = Buffer.from(pack.files['index.html']!).toString('utf8')
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(|https?:\/\/(?!gov\.example|idp\.test)/)
    expect(page).toContain('fraud &lt;b&gt;')
    expect(page).not.toContain('<b>')
    expect(page).toContain("default-src 'none'")
  })
})
