import { AttestationError } from '#lib/attestations/attestation-error.ts'
import type { Trust } from '#lib/attestations/trust.ts'
import { vsaType } from '#lib/attestations/statement.ts'
import { checkInputs, verifyAttestation, type Verified } from '#lib/attestations/verify-attestation.ts'
import { saltedDigest } from '#lib/audit/canonical.ts'
import { AuditFormatError } from '#lib/audit/format-error.ts'
import { openCheckpoint } from '#lib/audit/checkpoint.ts'
import { parseLeaf } from '#lib/audit/leaf.ts'
import { parseVerifierKey } from '#lib/audit/note-key.ts'
import { parseProof, verifyProof } from '#lib/audit/proof-format.ts'
import { hexOf, sumsFile, type Files } from './pack-files.ts'

export type PackFinding = { file: string; code: string; message: string }
export type PackReport = {
  findings: readonly PackFinding[]
  attestations: number
  entries: number
  /** What could not be judged, and what would make it so. */
  untold: readonly string[]
}

/**
 * Judges an evidence pack by keys from elsewhere: every file is the one that was packed, every attestation is signed by a
 * trusted key within its interval, decisions rest on what is here, and the audit entries are in the log that a trusted
 * key signed. Findings name the file; without keys nothing but the list of files can be judged.
 */
export function verifyPack(files: Files, trust: Trust | undefined, options: { demo: boolean }): PackReport {
  const findings = checkSums(files)
  if (findings.length > 0) return { findings, attestations: 0, entries: 0, untold: [] }
  if (trust === undefined)
    return { findings, attestations: 0, entries: 0, untold: ['no trusted key was given: --trust FILE or --key FILE'] }
  const { verified, bad } = checkAttestations(files, trust, options)
  const log = checkLog(files, trust)
  return {
    findings: [...bad, ...log.findings],
    attestations: verified,
    entries: log.entries,
    untold: log.untold,
  }
}

function checkSums(files: Files): PackFinding[] {
  const list = Buffer.from(files[sumsFile] ?? '').toString('utf8')
  const end = list.lastIndexOf('\n', list.length - 2) + 1
  const lines = list.slice(0, end)
  if (
    list.slice(end) !== `# ${hexOf(Buffer.from(lines))}\n` ||
    hexOf(Buffer.from(list)) !== hexOf(files[sumsFile] ?? Buffer.alloc(0))
  )
    return [{ file: sumsFile, code: 'altered', message: 'the list of files was altered' }]
  const findings: PackFinding[] = []
  const listed = new Set([sumsFile])
  for (const line of lines.split('\n').slice(0, -1)) {
    const [hex, file] = [line.slice(0, 64), line.slice(66)]
    listed.add(file)
    const bytes = files[file]
    if (bytes === undefined) findings.push({ file, code: 'missing', message: 'is missing' })
    else if (hexOf(bytes) !== hex) findings.push({ file, code: 'altered', message: 'was altered' })
  }
  for (const file of Object.keys(files))
    if (!listed.has(file)) findings.push({ file, code: 'added', message: 'is not of this pack' })
  return findings
}

function checkAttestations(files: Files, trust: Trust, options: { demo: boolean }) {
  const bad: PackFinding[] = []
  const held = new Map<string, Verified>()
  for (const file of Object.keys(files)
    .filter((name) => /^(attestations|bundles)\/.+\.json$/.test(name))
    .sort()) {
    const found = reasonAgainst(() => {
      const one = verifyAttestation(jsonOf(files[file]), trust, options)
      if (file.startsWith('attestations/')) held.set(file, one)
    })
    if (found) bad.push({ file, ...found })
  }
  const digests = new Set([...held.values()].map((v) => v.digest))
  for (const [file, { statement }] of held) {
    if (statement.predicateType !== vsaType) continue
    const found = reasonAgainst(() => checkInputs(statement, digests))
    if (found) bad.push({ file, ...found })
  }
  return { verified: held.size, bad }
}

function checkLog(files: Files, trust: Trust): { findings: PackFinding[]; entries: number; untold: string[] } {
  const note = files['checkpoint']
  if (note === undefined) return { findings: [], entries: 0, untold: [] }
  if (trust.log === null)
    return { findings: [], entries: 0, untold: ['the audit log’s key is not among the trusted ones: --log-key VKEY'] }
  const checkpoint = Buffer.from(note).toString('utf8')
  const verifiers = [parseVerifierKey(trust.log)]
  const unsigned = reasonAgainst(() => openCheckpoint(checkpoint, verifiers))
  if (unsigned) return { findings: [{ file: 'checkpoint', ...unsigned }], entries: 0, untold: [] }
  const findings: PackFinding[] = []
  let entries = 0
  for (const leafFile of Object.keys(files)
    .filter((name) => /^audit\/.+\.leaf$/.test(name))
    .sort()) {
    const base = leafFile.slice(0, -'.leaf'.length)
    entries += 1
    const proofFile = `${base}.tlog-proof`
    const found = reasonAgainst(() => {
      const proof = Buffer.from(files[proofFile] ?? '').toString('utf8')
      if (parseProof(proof).checkpoint !== checkpoint)
        throw new AuditFormatError('proof-invalid', 'it is for another checkpoint')
      verifyProof(proof, files[leafFile] ?? Buffer.alloc(0), verifiers)
    })
    if (found) findings.push({ file: proofFile, ...found })
    const unlike = reasonAgainst(() => checkContent(files, base))
    if (unlike) findings.push({ file: `${base}.json`, ...unlike })
  }
  return { findings, entries, untold: [] }
}

function checkContent(files: Files, base: string): void {
  const leaf = parseLeaf(files[`${base}.leaf`] ?? Buffer.alloc(0))
  if (`audit/${leaf.id}` !== base) throw new AuditFormatError('malformed', `it is the leaf of ${leaf.id}`)
  const content = files[`${base}.json`]
  if (content === undefined) return
  const salt = Buffer.from(Buffer.from(files[`${base}.salt`] ?? '').toString('utf8'), 'base64')
  if (saltedDigest(salt, jsonOf(content)) !== leaf.digest)
    throw new AuditFormatError('inconsistent', 'it is not what the leaf commits to')
}

function jsonOf(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes ?? Buffer.alloc(0)))
  } catch (cause) {
    throw new AttestationError('malformed', 'it is not JSON', { cause })
  }
}

function reasonAgainst(check: () => void): { code: string; message: string } | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof AttestationError || error instanceof AuditFormatError)
      return { code: error.code, message: error.message }
    throw error
  }
}
