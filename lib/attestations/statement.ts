import { createHash } from 'node:crypto'
import { z } from 'zod'
import { canonicalBytes } from '#lib/audit/canonical.ts'
import { personaIssuer } from '#lib/platform/actor.ts'

/** in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md). */
export const statementType = 'https://in-toto.io/Statement/v1'
/** SLSA Verification Summary Attestation v1: one for each decision. */
export const vsaType = 'https://slsa.dev/verification_summary/v1'
/** Our own predicates, described in docs/guides/verify-an-approval.md. */
export const voteType = 'https://quarterdeck.dev/attestations/vote/v1'
export const evidenceType = 'https://quarterdeck.dev/attestations/evidence/v1'
/** The name of our extension field in a verification summary: extension fields must be named by a URI. */
export const approvalField = 'https://quarterdeck.dev/attestations/approval/v1'

/** Levels of our own; the prefix `SLSA_` is not ours to use. */
export const levels = {
  approved: 'QUARTERDECK_APPROVED',
  twoPerson: 'QUARTERDECK_TWO_PERSON_APPROVED',
  validated: 'QUARTERDECK_VALIDATOR_APPROVED',
  /** Whatever a local persona did: it proves that the software works, and nothing else. */
  demo: 'QUARTERDECK_DEMO',
} as const

const hex = z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be 64 lower-case hexadecimal digits' })
const uri = z.string().min(1).max(2_000)
const digestSet = z.object({ sha256: hex })
const who = z.object({ issuer: z.string().min(1).max(300), subject: z.string().min(1).max(300) })
const time = z.iso.datetime()
const subject = z.array(z.object({ name: z.string().min(1).max(400), digest: digestSet })).length(1)
const revision = z.object({ id: z.string(), revision: z.number().int().min(1), revisionDigest: z.string() })

const VotePredicate = z.object({
  approval: revision,
  resourceUri: uri,
  decision: z.enum(['approve', 'reject']),
  voter: who,
  role: z.string().min(1).max(40),
  reason: z.string().max(4_000),
  policy: z.object({ digest: digestSet }),
  at: time,
})

const EvidencePredicate = z.object({
  kind: z.string().min(1).max(80),
  producer: who,
  at: time,
  /** What was found: metrics, counts, addresses; or the digest of what is too large to keep here. */
  content: z.unknown(),
})

const VsaPredicate = z.object({
  verifier: z.object({ id: uri }),
  timeVerified: time,
  resourceUri: uri,
  policy: z.object({ uri, digest: digestSet }),
  inputAttestations: z.array(z.object({ uri, digest: digestSet })),
  verificationResult: z.enum(['PASSED', 'FAILED']),
  verifiedLevels: z.array(z.string().min(1).max(100)).min(1),
  slsaVersion: z.string().optional(),
  [approvalField]: revision.extend({ expiresAt: time.nullable() }).optional(),
})

const base = { _type: z.literal(statementType), subject }

/** The statements that we make and accept. */
export const Statement = z.discriminatedUnion('predicateType', [
  z.object({ ...base, predicateType: z.literal(voteType), predicate: VotePredicate }),
  z.object({ ...base, predicateType: z.literal(evidenceType), predicate: EvidencePredicate }),
  z.object({ ...base, predicateType: z.literal(vsaType), predicate: VsaPredicate }),
])
export type Statement = z.output<typeof Statement>
export type Vsa = Extract<Statement, { predicateType: typeof vsaType }>

const statementBytesMax = 262_144

/**
 * The bytes of a statement that are signed: its RFC 8785 form, UTF-8, at most 256 KiB.
 * @throws TypeError when it is none of the statements that we make
 */
export function statementBytes(statement: Statement): Buffer {
  const parsed = Statement.safeParse(statement)
  if (!parsed.success) throw new TypeError(`not a statement: ${z.prettifyError(parsed.error)}`)
  const bytes = canonicalBytes(statement)
  if (bytes.length > statementBytesMax) throw new TypeError(`a statement may have ${statementBytesMax} bytes`)
  return bytes
}

/** How a statement is referred to: the digest of its bytes. Signing it again, or in another envelope, does not change it. */
export function statementDigest(bytes: Uint8Array): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** When what it states happened: the instant that a key's interval must hold. */
export function statementTime(statement: Statement): Date {
  return new Date(statement.predicateType === vsaType ? statement.predicate.timeVerified : statement.predicate.at)
}

/** True when a local persona made it, or a decision rests on one. Decided by what it says, never by who hands it in. */
export function isDemo(statement: Statement): boolean {
  const { predicateType, predicate } = statement
  if (predicateType === vsaType) return predicate.verifiedLevels.includes(levels.demo)
  return (predicateType === voteType ? predicate.voter : predicate.producer).issuer === personaIssuer
}
