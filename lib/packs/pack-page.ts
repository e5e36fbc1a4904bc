import { Statement, vsaType, voteType } from '#lib/attestations/statement.ts'
import type { PackAttestation, PackSection } from './model.ts'
import { packStyle } from './pack-style.ts'
import type { PackInput } from './pack-input.ts'

/** The pack as a page: it prints as A4, runs no script and asks for nothing. Every text that comes from outside is escaped. */
export function packPage(input: PackInput): string {
  const { facts, attestations, entries, origin, madeAt } = input
  const demo = attestations.some((a) => a.demo)
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>Evidence: ${text(facts.title)}</title><style>${packStyle}</style></head><body><main>`,
    `<header><p class="kind">Evidence pack · ${text(facts.kind)}</p><h1>${text(facts.title)}</h1>`,
    `<p class="made"><code>${text(facts.id)}</code> · made ${instant(madeAt)} by ${text(origin)}</p></header>`,
    demo
      ? '<p class="demo"><strong>Demonstration.</strong> Local personas took part (level QUARTERDECK_DEMO): verifiers refuse this unless they are told to accept it. It proves nothing about people.</p>'
      : '',
    ...facts.sections.map(section),
    attestationTable(attestations),
    auditTable(input),
    howTo(input),
    `</main><footer>${entries.length} audit entries · ${attestations.length} attestations · ${text(facts.id)}</footer></body></html>\n`,
  ].join('\n')
}

function section({ heading, facts }: PackSection): string {
  const rows = facts.map(([label, value]) => `<div><dt>${text(label)}</dt><dd>${text(value)}</dd></div>`).join('')
  return `<section><h2>${text(heading)}</h2><dl>${rows}</dl></section>`
}

function attestationTable(attestations: readonly PackAttestation[]): string {
  const rows = attestations.map((a) => {
    const file = a.envelope === null ? 'waits for its signature' : 'signed'
    return `<tr><td>${text(a.kind)}</td><td>${text(saidBy(a.statement))}</td><td>${instant(a.recordedAt)}</td><td>${file}</td><td><code>${text(a.digest)}</code></td></tr>`
  })
  return table(
    'Attestations',
    ['What', 'It says', 'When (UTC)', 'State', 'Digest of the statement'],
    rows,
    'Nothing was attested.',
  )
}

function saidBy(value: unknown): string {
  const parsed = Statement.safeParse(value)
  if (!parsed.success) return 'of another kind'
  const { predicateType, predicate } = parsed.data
  if (predicateType === vsaType)
    return `${predicate.verificationResult}: ${predicate.verifiedLevels.join(', ')}; rests on ${predicate.inputAttestations.length} attestations; ${predicate.resourceUri}`
  if (predicateType === voteType)
    return `${predicate.voter.subject} (${predicate.voter.issuer}) as ${predicate.role}: ${predicate.decision}. ${predicate.reason}`
  return `${predicate.kind}, by ${predicate.producer.subject} (${predicate.producer.issuer})`
}

function auditTable({ entries }: PackInput): string {
  const rows = entries.map(
    (e) =>
      `<tr><td>${instant(e.time)}</td><td>${text(e.action)}</td><td>${text(e.actor)}</td><td>${text(e.outcome)}</td><td>${text(e.because)}</td><td><code>${text(e.id)}</code></td></tr>`,
  )
  return table(
    'Audit entries',
    ['When (UTC)', 'Action', 'Who', 'Outcome', 'Why', 'Entry'],
    rows,
    'No entry has a place in the log yet.',
  )
}

function howTo({ checkpoint, trust, facts }: PackInput): string {
  const keys = trust.keys.map((k) => {
    const until = k.validUntil === null ? 'now' : `until ${text(k.validUntil)}`
    return `<li><code>${text(k.keyid)}</code>${k.demo ? ' (demonstrations)' : ''}, from ${text(k.validFrom ?? 'the first day')} ${until}</li>`
  })
  return `<section class="how"><h2>How to verify this</h2>
<p>Get the installation's keys from its operator by another way than this pack: a key inside the pack proves nothing. Then, in the unpacked folder:</p>
<pre>quarterdeck verify . --trust trust.json
sh verify.sh --trust FOLDER_WITH_THE_KEYS</pre>
<p>The first needs no network and no server; the second needs openssl 3, sed, grep and coreutils. Both name each file that does not hold, with exit code 1.
This page is for reading. What counts are the files beside it: <code>attestations/</code> (DSSE), <code>bundles/</code> (Sigstore), <code>audit/</code> (entries with inclusion proofs) and <code>pack.json</code>.</p>
<h3>Keys that this installation names as its own</h3><ul>${keys.join('')}</ul>
${checkpoint === null ? '<p>The audit log has no checkpoint yet.</p>' : `<h3>Checkpoint of the audit log</h3><pre>${text(checkpoint)}</pre>`}
<p class="small">About ${text(facts.kind)} ${text(facts.id)}.</p></section>`
}

function table(heading: string, columns: readonly string[], rows: readonly string[], empty: string): string {
  if (rows.length === 0) return `<section><h2>${heading}</h2><p>${empty}</p></section>`
  const head = columns.map((c) => `<th scope="col">${c}</th>`).join('')
  return `<section><h2>${heading}</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`
}

function instant(at: Date): string {
  return `<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 19).replace('T', ' ')}</time>`
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
