import { createHash } from 'node:crypto'
import { bundleOf } from '#lib/attestations/bundle.ts'
import { parseEnvelope } from '#lib/attestations/dsse.ts'
import { canonicalBytes } from '#lib/audit/canonical.ts'
import { parseVerifierKey } from '#lib/audit/note-key.ts'
import type { PackAttestation } from './model.ts'
import type { PackInput } from './pack-input.ts'
import { packPage } from './pack-page.ts'
import { verifyScript } from './verify-script.ts'

export type Files = Readonly<Record<string, Uint8Array>>

/** The name of the list of all other files; its last line is its own digest. */
export const sumsFile = 'SHA256SUMS'

/** The files of an evidence pack. The same input gives the same bytes. */
export function packFiles(input: PackInput): Files {
  const files: Record<string, Uint8Array> = {}
  const put = (name: string, text: string | Uint8Array) => {
    files[name] = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
  }
  put('index.html', packPage(input))
  put('verify.sh', verifyScript)
  put('pack.json', jsonText(describe(input)))
  put('keys/trust.json', jsonText(input.trust))
  for (const [n, key] of input.trust.keys.entries())
    put(`keys/${key.demo ? 'demo' : 'attestations'}-${n + 1}.pem`, key.publicKey)
  if (input.trust.log !== null) put('keys/log.pem', pemOf(input.trust.log))
  if (input.checkpoint !== null) put('checkpoint', input.checkpoint)
  for (const { id, leaf, proof, content, salt } of input.entries) {
    put(`audit/${id}.leaf`, leaf)
    put(`audit/${id}.tlog-proof`, proof)
    if (content === null) continue
    put(`audit/${id}.json`, content)
    put(`audit/${id}.salt`, salt)
  }
  for (const a of input.attestations) {
    if (a.envelope === null) continue
    put(`attestations/${nameOf(a)}.dsse.json`, a.envelope)
    const { envelope } = parseEnvelope(JSON.parse(a.envelope))
    put(`bundles/${nameOf(a)}.sigstore.json`, JSON.stringify(bundleOf(envelope)))
  }
  put(sumsFile, sumsOf(files))
  return files
}

/** `<hex>  <name>` a line, sorted by name, as sha256sum writes it, and last `# <hex>` over the lines before. */
function sumsOf(files: Files): string {
  const lines = Object.keys(files)
    .sort()
    .map((name) => `${hexOf(files[name] ?? Buffer.alloc(0))}  ${name}\n`)
    .join('')
  return `${lines}# ${hexOf(Buffer.from(lines))}\n`
}

function describe({ facts, attestations, entries, origin, madeAt }: PackInput) {
  return {
    kind: 'quarterdeck-evidence-pack',
    version: 1,
    about: { kind: facts.kind, id: facts.id, title: facts.title },
    origin,
    madeAt: madeAt.toISOString(),
    facts: facts.data,
    attestations: attestations.map((a) => ({
      id: a.id,
      kind: a.kind,
      digest: a.digest,
      demo: a.demo,
      recordedAt: a.recordedAt.toISOString(),
      file: a.envelope === null ? null : `attestations/${nameOf(a)}.dsse.json`,
      statement: a.statement,
    })),
    entries: entries.map(({ id, action, outcome, actor, because, time }) => ({
      id,
      time: time.toISOString(),
      action,
      outcome,
      actor,
      because,
    })),
  }
}

/** Of an attestation's files, without the ending. */
export function nameOf(a: Pick<PackAttestation, 'id' | 'kind'>): string {
  return `${a.kind}-${a.id}`
}

/** The log's key as openssl reads it. */
function pemOf(vkey: string): string {
  return parseVerifierKey(vkey).publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** Canonical, so that a reader may compare; dates were made text before. */
function jsonText(value: unknown): string {
  return canonicalBytes(
    JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))),
  ).toString('utf8')
}

export function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
