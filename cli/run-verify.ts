import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { unzipSync } from 'fflate'
import { AttestationError } from '#lib/attestations/attestation-error.ts'
import { parseTrust, trustInKey, type Trust } from '#lib/attestations/trust.ts'
import { vsaType } from '#lib/attestations/statement.ts'
import { verifyAttestation, type Expectations, type Verified } from '#lib/attestations/verify-attestation.ts'
import { AuditFormatError } from '#lib/audit/format-error.ts'
import { parseVerifierKey } from '#lib/audit/note-key.ts'
import { sumsFile, type Files } from '#lib/packs/pack-files.ts'
import { verifyPack, type PackFinding, type PackReport } from '#lib/packs/verify-pack.ts'

export type VerifyFlags = {
  key?: string[]
  trust?: string
  logKey?: string
  demo?: boolean
  resourceUri?: string
  digest?: string
  verifierId?: string
  level?: string[]
  json?: boolean
}

const bytesMax = 256 * 1024 * 1024
const filesMax = 20_000

type Code = 0 | 1 | 2
type Told = { code: Code; lines: readonly string[]; report: unknown }

/** Verifies and prints what was found. @returns the exit code: 0 believed, 1 not believed, 2 cannot tell */
export async function runVerify(file: string, flags: VerifyFlags): Promise<Code> {
  const told = await judge(file, flags).catch((error: unknown) => cannotTell(error))
  const text = flags.json ? `${JSON.stringify(told.report)}\n` : `${told.lines.join('\n')}\n`
  if (told.code === 2 && !flags.json) process.stderr.write(text)
  else process.stdout.write(text)
  return told.code
}

async function judge(file: string, flags: VerifyFlags): Promise<Told> {
  const trust = await readTrustOf(flags)
  const info = await stat(file)
  if (info.isDirectory()) return judgePack(await filesIn(file), trust, flags)
  if (info.size > bytesMax) throw new AttestationError('malformed', `${file} is larger than ${bytesMax} bytes`)
  const bytes = await readFile(file)
  // A zip file begins with PK (APPNOTE.TXT §4.3.7); an envelope is JSON.
  if (bytes.subarray(0, 2).toString('latin1') === 'PK') return judgePack(unzipped(bytes), trust, flags)
  return judgeOne(file, bytes, trust, flags)
}

function judgeOne(file: string, bytes: Buffer, trust: Trust | undefined, flags: VerifyFlags): Told {
  if (trust === undefined)
    return untold(['give the trusted keys with --trust FILE or --key FILE: a key inside what is judged proves nothing'])
  try {
    const verified = verifyAttestation(jsonOf(bytes), trust, expectationsOf(flags))
    return { code: 0, lines: [`believed: ${wordsOf(verified)}`], report: { ok: true, ...verified } }
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    return refused([{ file, code: error.code, message: error.message }])
  }
}

function judgePack(files: Files, trust: Trust | undefined, flags: VerifyFlags): Told {
  if (files[sumsFile] === undefined)
    throw new AttestationError('malformed', `there is no ${sumsFile}: it is no evidence pack`)
  const report = verifyPack(files, trust, { demo: flags.demo === true })
  const more = trust === undefined ? [] : meetExpectations(files, trust, flags)
  const findings = [...report.findings, ...more]
  if (findings.length > 0) return refused(findings)
  if (report.untold.length > 0) return untold(report.untold)
  return { code: 0, lines: [soundWords(report)], report: { ok: true, ...report } }
}

/** With expectations a pack must hold a decision that meets them all. */
function meetExpectations(files: Files, trust: Trust, flags: VerifyFlags): PackFinding[] {
  const asked = [flags.resourceUri, flags.digest, flags.verifierId, flags.level].some((f) => f !== undefined)
  if (!asked) return []
  const refusals: PackFinding[] = []
  for (const [file, bytes] of Object.entries(files)) {
    if (!/^attestations\/decision-.+\.json$/.test(file)) continue
    try {
      verifyAttestation(jsonOf(Buffer.from(bytes)), trust, expectationsOf(flags))
      return []
    } catch (error) {
      if (!(error instanceof AttestationError)) throw error
      refusals.push({ file, code: error.code, message: error.message })
    }
  }
  return refusals.length > 0
    ? refusals
    : [{ file: 'attestations', code: 'input-missing', message: 'there is no decision' }]
}

function expectationsOf(flags: VerifyFlags): Expectations {
  const asksForDecision = [flags.resourceUri, flags.verifierId, flags.level].some((f) => f !== undefined)
  return {
    ...(flags.demo ? { demo: true } : {}),
    ...(flags.resourceUri === undefined ? {} : { resourceUri: flags.resourceUri }),
    ...(flags.digest === undefined ? {} : { subjectDigest: flags.digest }),
    ...(flags.verifierId === undefined ? {} : { verifierId: flags.verifierId }),
    ...(flags.level === undefined ? {} : { levels: flags.level }),
    ...(asksForDecision ? { approval: true } : {}),
  }
}

async function readTrustOf(flags: VerifyFlags): Promise<Trust | undefined> {
  const parts: Trust[] = []
  if (flags.trust !== undefined) parts.push(parseTrust(await readFile(flags.trust, 'utf8')))
  for (const file of flags.key ?? []) parts.push(trustInKey(await readFile(file, 'utf8')))
  const [first] = parts
  if (first === undefined) return undefined
  const given = flags.logKey === undefined ? undefined : await logKeyOf(flags.logKey)
  return { ...first, keys: parts.flatMap((p) => p.keys), log: given ?? first.log }
}

// A verifier key has plus signs and no path has its form, so the two cannot be mistaken for each other.
async function logKeyOf(given: string): Promise<string> {
  const isKey = /^[^\s+]+\+[0-9a-f]{8}\+\S+$/.test(given.trim())
  const text = isKey ? given.trim() : (await readFile(given, 'utf8')).trim()
  parseVerifierKey(text)
  return text
}

async function filesIn(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files: Record<string, Uint8Array> = {}
  let bytes = 0
  for (const entry of entries.filter((e) => !e.isDirectory())) {
    const path = join(entry.parentPath, entry.name)
    const content = await readFile(path)
    bytes += content.length
    if (bytes > bytesMax || Object.keys(files).length >= filesMax)
      throw new AttestationError('malformed', `${folder} holds too much for an evidence pack`)
    files[relative(folder, path).split(sep).join('/')] = content
  }
  return files
}

function unzipped(bytes: Buffer): Files {
  let total = 0
  try {
    return unzipSync(bytes, {
      filter: (file) => {
        total += file.originalSize
        if (total > bytesMax) throw new AttestationError('malformed', 'the zip file unpacks to too much')
        return !file.name.endsWith('/')
      },
    })
  } catch (cause) {
    if (cause instanceof AttestationError) throw cause
    throw new AttestationError('malformed', 'it is not a zip file that can be unpacked', { cause })
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new AttestationError('malformed', 'it is neither JSON nor a zip file', { cause })
  }
}

function wordsOf({ statement, keyid }: Verified): string {
  const [subject] = statement.subject
  const about = `${subject?.name}, sha256:${subject?.digest.sha256}; signed by ${keyid}`
  if (statement.predicateType !== vsaType) return about
  const { verificationResult, verifiedLevels, resourceUri } = statement.predicate
  return `${verificationResult} ${verifiedLevels.join(', ')} for ${resourceUri}; ${about}`
}

function soundWords({ attestations, entries }: PackReport): string {
  return `sound: ${attestations} attestations signed by trusted keys, ${entries} entries in the audit log`
}

function refused(findings: readonly PackFinding[]): Told {
  const lines = findings.map((f) => `${f.file}: ${f.code}: ${f.message}`)
  return { code: 1, lines: [...lines, `NOT BELIEVED (${findings.length} findings)`], report: { ok: false, findings } }
}

function untold(why: readonly string[]): Told {
  return { code: 2, lines: why.map((w) => `cannot tell: ${w}`), report: { ok: null, untold: why } }
}

function cannotTell(error: unknown): Told {
  const isOurs = error instanceof AttestationError || error instanceof AuditFormatError
  const isSystem = error instanceof Error && 'code' in error
  if (!isOurs && !isSystem) throw error
  return untold([error.message])
}
