import type { ColumnType, Generated } from 'kysely'

/** A jsonb column: read as the type, written as JSON text (`json(value)`), so that arrays are not taken for SQL arrays. */
export type Json<T> = ColumnType<T, string, string>
export type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>

/** The columns that lib/platform/claim.ts works on. */
export type Claimable = {
  due_at: Date
  lease_until: Date | null
  lease_holder: string | null
  fence: Generated<bigint>
  attempts: Generated<number>
}

export type CoreTables = {
  workspace: { id: string; name: string; title: string; demo: Generated<boolean>; created_at: Date }
  identity: {
    id: string
    issuer: string
    subject: string
    kind: 'person' | 'service' | 'worker' | 'system'
    name: string
    created_at: Date
  }
  role_binding: {
    id: string
    workspace_id: string
    identity_id: string
    role: string
    environment: string | null
    label: string | null
    created_at: Date
    created_by: string
    revoked_at: Date | null
    /** `claim`: given by what the identity's issuer says, until `expires_at`. */
    source: Generated<'given' | 'claim'>
    expires_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  }
  session: {
    id: string
    identity_id: string
    created_at: Date
    seen_at: Date
    expires_at: Date
    revoked_at: Date | null
    auth_time: ColumnType<Date | null, Date | null | undefined, Date | null>
    issuer_name: ColumnType<string | null, string | null | undefined, string | null>
    sealed_id_token: ColumnType<string | null, string | null | undefined, string | null>
    agent: ColumnType<string | null, string | null | undefined, string | null>
  }
  api_token: {
    id: string
    identity_id: string
    created_at: Date
    expires_at: Date
    revoked_at: Date | null
    issued_by: ColumnType<string | null, string | null | undefined, string | null>
    auth_time: ColumnType<Date | null, Date | null | undefined, Date | null>
  }
  signing_key: {
    id: string
    purpose: 'token' | 'log'
    public_key: string
    sealed_private_key: string
    created_at: Date
    retired_at: Date | null
  }
  ingest_key: {
    id: string
    workspace_id: string
    endpoint_id: string | null
    kinds: string[]
    secret_digest: string
    hint: string
    created_at: Date
    created_by: string
    revoked_at: Date | null
  }
  feed_cursor: { consumer: string; epoch: number; xid: string; entry_id: string; updated_at: Date }
  lease: { name: string; holder: string; fence: bigint; expires_at: Date }
  idempotency_key: {
    workspace_id: string
    actor_id: string
    key: string
    request_digest: string
    response: Json<unknown>
    created_at: Date
  }
  demo_state: { workspace_id: string; state: Json<unknown>; updated_at: Date }
}

export type AuditTables = {
  audit_epoch: { epoch: number; system_identifier: string; started_at: Date }
  audit_entry: {
    id: string
    epoch: number
    xid: Generated<string>
    time: Date
    kind: string
    workspace_id: string | null
    actor_id: string | null
    resource_kind: string
    resource_id: string
    outcome: 'done' | 'denied' | 'found'
    digest: string
    instance: string
    counter: bigint
    mac: string
    request_id: string | null
  }
  audit_detail: {
    entry_id: string
    salt: string
    content: string | null
    erased_at: Date | null
    person_salt: string | null
    person: string | null
    person_erased_at: Date | null
  }
  audit_leaf: { index: bigint; entry_id: string; leaf: Buffer; hash: Buffer }
  audit_tile: { level: number; index: bigint; hashes: Buffer }
  audit_checkpoint: { size: bigint; root: string; note: string; time: Date }
  audit_sequencer: {
    one: Generated<boolean>
    epoch: number
    watermark: string
    size: bigint
    time: Date
  }
  audit_instance: { instance: string; entries: bigint; highest: bigint; last_at: Date }
  audit_publication: {
    target: string
    size: Generated<bigint>
    note: string | null
    published_at: Date | null
    checked_at: Date | null
    attempts: Generated<number>
    failure: string | null
    due_at: Date
  }
  audit_monitor: {
    one: Generated<boolean>
    next_bundle: Generated<bigint>
    swept_at: Date | null
    checked_at: Date | null
    next_attestation: Generated<string>
    mismatches: Json<Readonly<Record<string, string>>>
  }
}
