/**
 * Holds our log folders against public tools: Tessera's `fsck` and golang.org/x/mod/sumdb/{note,tlog} must accept every
 * export, and they and our own verifier must refuse it with one bit flipped; our verifier must find and name each of a thousand
 * random flips. And the port that publishes checkpoints must keep its contract against a real S3 server.
 *
 *   node tests/conformance/audit/run.ts                                  exports made here, of several sizes
 *   node tests/conformance/audit/run.ts --export FOLDER --vkey FILE      that one, and damaged copies of it
 *
 * Needs Go. The last line says "N passed, N failed"; the exit code is 1 if anything failed.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { encodeSignerKey, encodeVerifierKey, generateNoteKey, parseSignerKey } from '#lib/audit/note-key.ts'
import { openNote, signNote } from '#lib/audit/signed-note.ts'
import { filesOf, makeExport, testSigner } from '#lib/audit/test-export.ts'
import { verifyExport } from '#lib/audit/verify-export.ts'
import { checkBitFlips } from './bit-flips.ts'
import { buildTools, type Tools } from './build-tools.ts'

const FSCK_TIMEOUT_SECONDS = 60
const LOGS: readonly (readonly number[])[] = [[1], [2], [255], [256], [257], [5, 200, 256, 300], [30_000, 100_000]]

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { export: { type: 'string' }, vkey: { type: 'string' } } })
  const tools = await buildTools()
  const work = await mkdtemp(path.join(tmpdir(), 'quarterdeck-conformance-'))
  const results: boolean[] = []
  const record = (name: string, ok: boolean, detail: string): void => {
    results.push(ok)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok ? '' : `: ${detail}`}`)
  }
  try {
    if (values.export !== undefined && values.vkey !== undefined) {
      await checkLog(tools, work, 'given export', values.export, values.vkey, record)
    } else if (values.export !== undefined || values.vkey !== undefined) {
      throw new Error('give both --export FOLDER and --vkey FILE, or neither')
    } else {
      await checkNotes(tools, work, record)
      for (const sizes of LOGS) await checkMadeLog(tools, work, sizes, record)
      await checkBitFlips(work, record)
      await checkBucket(tools, record)
      await checkDemonstration(tools, work, record)
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  const failed = results.filter((ok) => !ok).length
  console.log(`${results.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && results.length > 0 ? 0 : 1
}

type Report = (name: string, ok: boolean, detail: string) => void

/** The contract of the checkpoint store against a real S3 server, in a test run of its own. */
async function checkBucket(tools: Tools, record: Report): Promise<void> {
  const root = path.join(import.meta.dirname, '..', '..', '..')
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const args = [vitest, 'run', '--config', path.join(import.meta.dirname, 'vitest.config.ts')]
  const { code, output } = await run(process.execPath, args, { QUARTERDECK_VERSITYGW: tools.versitygw })
  record('the checkpoint store keeps its contract against an S3 server', code === 0, output)
}

/** The log of the demonstration, as the stories of `npm test` have exported it: the product's own, not one made here. */
async function checkDemonstration(tools: Tools, work: string, record: Report): Promise<void> {
  const folder = path.join(import.meta.dirname, '..', '..', '..', 'var', 'demo-export')
  const vkey = path.join(folder, 'log.vkey')
  if (existsSync(vkey)) return checkLog(tools, work, 'the demonstration', folder, vkey, record)
  record('the log of the demonstration is there', false, 'run "npm test" first: its stories export it')
}

/** The same key and text must give the same bytes in x/mod and here, and each must open the other's note. */
async function checkNotes(tools: Tools, work: string, record: Report): Promise<void> {
  const signer = parseSignerKey(generateNoteKey('example.com/audit').skey)
  const text = 'one\n\nzwei — ✓\n'
  const [skeyFile, textFile] = [path.join(work, 'skey'), path.join(work, 'text')]
  await writeFile(skeyFile, encodeSignerKey(signer), { mode: 0o600 })
  await writeFile(textFile, text)
  const theirs = await run(tools.driver, ['sign', skeyFile, textFile])
  record('x/mod signs with our key', theirs.code === 0, theirs.output)
  record('x/mod’s note is ours, byte for byte', theirs.stdout === signNote(text, [signer]), theirs.stdout)
  record('our verifier opens x/mod’s note', openNote(theirs.stdout, [signer]).text === text, theirs.stdout)
}

async function checkMadeLog(tools: Tools, work: string, sizes: readonly number[], record: Report): Promise<void> {
  const name = `log published at ${sizes.join(', ')}`
  const folder = path.join(work, sizes.join('-'))
  const signer = testSigner('example.com/audit')
  await makeExport(folder, signer, sizes, (sizes.at(-1) ?? 0) < 1_000)
  const vkeyFile = path.join(work, 'vkey')
  await writeFile(vkeyFile, `${encodeVerifierKey(signer)}\n`)
  await checkLog(tools, work, name, folder, vkeyFile, record)
  await rm(folder, { recursive: true })
}

async function checkLog(
  tools: Tools,
  work: string,
  name: string,
  folder: string,
  vkeyFile: string,
  record: Report,
): Promise<void> {
  const vkey = await readFile(vkeyFile, 'utf8')
  const report = await verifyExport(folder, { vkey })
  record(`${name}: our verifier accepts`, report.ok, JSON.stringify(report.findings.slice(0, 3)))
  const [fsck, driver] = [await runFsck(tools, folder, vkeyFile), await run(tools.driver, ['check', folder, vkeyFile])]
  record(`${name}: fsck accepts`, fsck.accepted, fsck.output)
  record(`${name}: x/mod accepts`, driver.code === 0, driver.output)

  const damaged = path.join(work, 'damaged')
  await cp(folder, damaged, { recursive: true })
  for (const file of await filesToDamage(folder, report.size ?? 0)) {
    const whole = await readFile(path.join(folder, file))
    const bad = Buffer.from(whole)
    const at = Math.floor(bad.length / 2)
    bad[at] = (bad[at] ?? 0) ^ 0x04
    await writeFile(path.join(damaged, file), bad)
    const found = await verifyExport(damaged, { vkey })
    const named = !found.ok && found.findings.every(({ where }) => where === file)
    record(`${name}: our verifier names ${file}`, named, JSON.stringify(found.findings.slice(0, 3)))
    const [theirs, other] = [
      await runFsck(tools, damaged, vkeyFile),
      await run(tools.driver, ['check', damaged, vkeyFile]),
    ]
    record(`${name}: fsck refuses a bad ${file}`, !theirs.accepted, theirs.output)
    record(`${name}: x/mod refuses a bad ${file}`, other.code === 1, `exit ${other.code}: ${other.output}`)
    await writeFile(path.join(damaged, file), whole)
  }
  await rm(damaged, { recursive: true })
}

/** The checkpoint, and of each kind and level the first and the last file that this size of log is made of. */
async function filesToDamage(folder: string, size: number): Promise<string[]> {
  const groups = new Map<string, string[]>()
  for (const file of await filesOf(folder)) {
    const [, level] = /^tile\/(\w+)\//.exec(file) ?? []
    // Partial files of earlier sizes are looked at by our verifier alone: the other tools never ask for them.
    if (level !== undefined && isOfSize(file, level, size)) groups.set(level, [...(groups.get(level) ?? []), file])
  }
  const ends = [...groups.values()].flatMap((files) => [files[0] ?? '', files.at(-1) ?? ''])
  return ['checkpoint', ...new Set(ends)]
}

function isOfSize(file: string, level: string, size: number): boolean {
  const width = /\.p\/(\d+)$/.exec(file)?.[1]
  return (
    width === undefined || Number(width) === Math.floor(size / 256 ** (level === 'entries' ? 0 : Number(level))) % 256
  )
}

type Outcome = { code: number; stdout: string; output: string }

/** fsck exits 0 on failure too, and waits for ever on a bad tile with few workers: only its words count. */
async function runFsck(tools: Tools, folder: string, vkeyFile: string): Promise<Outcome & { accepted: boolean }> {
  const url = `--storage_url=file://${path.resolve(folder)}`
  const outcome = await run(tools.fsck, [
    '-N',
    '1024',
    url,
    `--public_key=${vkeyFile}`,
    '--ui=false',
    '--alsologtostderr',
  ])
  return { ...outcome, accepted: outcome.code === 0 && outcome.output.includes("Successfully fsck'd") }
}

function run(program: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...more }
    const options = { timeout: FSCK_TIMEOUT_SECONDS * 1_000, maxBuffer: 32 * 1024 * 1024, env }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, output: `${stdout}${stderr}`.trim().split('\n').slice(-3).join(' | ') })
    })
  })
}
