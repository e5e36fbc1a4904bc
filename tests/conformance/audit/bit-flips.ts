import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { README_FILE } from '#lib/audit/export-files.ts'
import { readmeOf } from '#lib/audit/export-readme.ts'
import { filesOf, makeExport, testSigner } from '#lib/audit/test-export.ts'
import { verifyExport } from '#lib/audit/verify-export.ts'

export const FLIPS = 1_000
const entries = 700
const cliSample = 8
const seed = 20_260_302
const cliTimeoutMs = 60_000

type Report = (name: string, ok: boolean, detail: string) => void

/**
 * Flips one random bit of an export a thousand times, over all bits of all its files, and demands each time that the verifier
 * finds it and names the very file, and nothing else. Some go through the command too, for its exit code and its words.
 */
export async function checkBitFlips(work: string, record: Report): Promise<void> {
  const folder = path.join(work, 'flipped')
  const signer = testSigner('example.com/audit')
  const { vkey } = await makeExport(folder, signer, [40, 300, entries], true)
  await writeFile(path.join(folder, README_FILE), readmeOf(entries, entries))
  const whole = await verifyExport(folder, { vkey, entries: 'complete' })
  record(`the export of ${entries} entries is sound before`, whole.ok, JSON.stringify(whole.findings))

  const files = await Promise.all(
    (await filesOf(folder)).map(async (name) => ({ name, bytes: await readFile(path.join(folder, name)) })),
  )
  const bits = files.reduce((sum, file) => sum + file.bytes.length * 8, 0)
  const random = randomBelow(seed)
  const missed: string[] = []
  const perFile = new Map<string, number>()
  for (let n = 0; n < FLIPS; n++) {
    const place = placeOf(files, random(bits))
    await withFlip(folder, place, async () => {
      const { ok, findings } = await verifyExport(folder, { vkey })
      const isNamed = !ok && findings.length > 0 && findings.every(({ where }) => where === place.name)
      if (!isNamed) missed.push(`${place.name} bit ${place.bit}: ${JSON.stringify(findings.slice(0, 2))}`)
    })
    perFile.set(place.name, (perFile.get(place.name) ?? 0) + 1)
  }
  record(
    `${FLIPS} of ${FLIPS} random single-bit changes are found and named`,
    missed.length === 0,
    missed.slice(0, 5).join('; '),
  )
  for (const { name, bytes } of files) {
    const place = { name, bytes, bit: random(bytes.length * 8) }
    await withFlip(folder, place, async () => {
      const { findings } = await verifyExport(folder, { vkey })
      const isNamed = findings.length > 0 && findings.every(({ where }) => where === name)
      record(
        `a bit of ${name} is found and named`,
        isNamed,
        `bit ${place.bit}: ${JSON.stringify(findings.slice(0, 2))}`,
      )
    })
  }
  await checkCommand(folder, vkey, files, random, record)
}

async function checkCommand(
  folder: string,
  vkey: string,
  files: readonly ExportedFile[],
  random: (below: number) => number,
  record: Report,
): Promise<void> {
  const sound = await auditVerify(folder, vkey)
  record('quarterdeck audit verify: exit code 0 for the whole export', sound.code === 0, sound.output)
  for (let n = 0; n < cliSample; n++) {
    const file = files[random(files.length)]
    if (!file) continue
    const place = { ...file, bit: random(file.bytes.length * 8) }
    await withFlip(folder, place, async () => {
      const { code, output } = await auditVerify(folder, vkey)
      const isNamed = code === 1 && output.startsWith(`${file.name}: `) && output.includes('NOT SOUND')
      record(
        `quarterdeck audit verify: exit code 1, names ${file.name}`,
        isNamed,
        `exit ${code}: ${output.slice(0, 200)}`,
      )
    })
  }
  const copy = `${folder}-copy`
  await cp(folder, copy, { recursive: true })
  const other = await auditVerify(copy, vkey, ['--origin', 'example.com/another'])
  record(
    'quarterdeck audit verify: another origin than the one asked for',
    other.code === 1 && other.output.includes('origin-differs'),
    other.output,
  )
}

type ExportedFile = { name: string; bytes: Buffer }
type Place = ExportedFile & { bit: number }

function placeOf(files: readonly ExportedFile[], bit: number): Place {
  let left = bit
  for (const file of files) {
    if (left < file.bytes.length * 8) return { ...file, bit: left }
    left -= file.bytes.length * 8
  }
  throw new RangeError(`the export has no bit ${bit}`)
}

async function withFlip(folder: string, { name, bytes, bit }: Place, look: () => Promise<void>): Promise<void> {
  const changed = Buffer.from(bytes)
  const at = Math.floor(bit / 8)
  changed[at] = (changed[at] ?? 0) ^ (1 << (bit % 8))
  await writeFile(path.join(folder, name), changed)
  await look()
  await writeFile(path.join(folder, name), bytes)
}

function auditVerify(
  folder: string,
  vkey: string,
  more: readonly string[] = [],
): Promise<{ code: number; output: string }> {
  const program = path.join(import.meta.dirname, '..', '..', '..', 'cli', 'main.ts')
  const args = [program, 'audit', 'verify', folder, '--vkey', vkey, ...more]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: cliTimeoutMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
}

/** Numbers below a bound from a seed (xorshift32, Marsaglia 2003), so that a failure can be had again. */
function randomBelow(start: number): (below: number) => number {
  let state = start
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
