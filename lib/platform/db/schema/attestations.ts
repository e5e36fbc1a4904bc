import type { Generated } from 'kysely'

export type AttestationTables = {
  attestation_key: {
    id: string
    /** Signs what personas do. */
    demo: boolean
    /** The key's name at the key management system. */
    key_ref: string
    because: string
    requested_at: Date
    requested_by: string
    /** OpenSSH fingerprint, `SHA256:…`; null until the key has been made. */
    keyid: string | null
    /** SPKI, PEM. */
    public_key: string | null
    valid_from: Date | null
    valid_until: Date | null
  }
  attestation: {
    id: string
    workspace_id: string
    kind: 'vote' | 'decision' | 'evidence'
    subject_kind: string
    subject_id: string
    /** The in-toto statement, RFC 8785 JSON: the very bytes that are signed. */
    statement: string
    /** `sha256:` and the hex digest of those bytes. */
    digest: string
    demo: boolean
    recorded_at: Date
    /** The DSSE envelope as JSON text, and its digest. */
    envelope: string | null
    envelope_digest: string | null
    key_id: string | null
    signed_at: Date | null
    /** When it is to be signed (again); null once it is. */
    due_at: Date | null
    lease_until: Date | null
    lease_holder: string | null
    fence: Generated<bigint>
    attempts: Generated<number>
  }
}
