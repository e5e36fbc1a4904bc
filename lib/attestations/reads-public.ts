import { logVerifierKey } from '#lib/audit/log-key.ts'
import type { System } from '#lib/platform/context.ts'
import { keyidOf } from './keyid.ts'
import { selectKeys } from './queries-keys.ts'
import { selectByDigest, selectDecision, type AttestationRow } from './queries.ts'
import { Statement, vsaType, type Vsa } from './statement.ts'
import type { Trust } from './trust.ts'

/**
 * The keys of this installation as a trust file: public, and to be pinned by whoever verifies. Taken from the server that
 * is judged, it proves no more than that server's word.
 */
export async function readTrust(system: Pick<System, 'db'>): Promise<Trust> {
  const [log, keys] = await Promise.all([logVerifierKey(system.db), selectKeys(system.db)])
  return {
    kind: 'quarterdeck-trust',
    version: 1,
    log: log ?? null,
    keys: keys.flatMap(({ publicKey, demo, validFrom, validUntil }) =>
      publicKey === null
        ? []
        : [
            {
              keyid: keyidOf(publicKey),
              publicKey,
              demo,
              validFrom: validFrom?.toISOString() ?? null,
              validUntil: validUntil?.toISOString() ?? null,
            },
          ],
    ),
  }
}

/** What anybody may know of an attestation: a decision names no person; of a vote or evidence only that it is here. */
export type PublicAttestation = {
  kind: 'vote' | 'decision' | 'evidence'
  digest: string
  envelopeDigest: string | null
  demo: boolean
  recordedAt: Date
  signedAt: Date | null
  /** Of a decision: what was decided, and the signed envelope. Null for the others, which name people. */
  decision: { statement: Vsa; envelope: unknown } | null
}

/** An attestation by the digest of its statement or envelope. Undefined when there is none. */
export async function findPublicByDigest(
  system: Pick<System, 'db'>,
  digest: string,
): Promise<PublicAttestation | undefined> {
  const row = await selectByDigest(system.db, digest)
  return row && toPublic(row)
}

/** The newest decision on a request for approval. Undefined when there is none. */
export async function findPublicDecision(
  system: Pick<System, 'db'>,
  approvalId: string,
): Promise<PublicAttestation | undefined> {
  const row = await selectDecision(system.db, approvalId)
  return row && toPublic(row)
}

function toPublic(row: AttestationRow): PublicAttestation {
  const statement = Statement.parse(JSON.parse(row.statement))
  const { kind, digest, envelopeDigest, demo, recordedAt, signedAt } = row
  const envelope: unknown = row.envelope === null ? null : JSON.parse(row.envelope)
  const decision = statement.predicateType === vsaType ? { statement, envelope } : null
  return { kind, digest, envelopeDigest, demo, recordedAt, signedAt, decision }
}
