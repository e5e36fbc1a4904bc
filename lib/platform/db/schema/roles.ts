import type { Generated } from 'kysely'

export type RoleTables = {
  identity_group: { identity_id: string; issuer: string; group_name: string; since: Date; seen_at: Date }
  group_binding: {
    id: string
    workspace_id: string
    issuer: string
    group_name: string
    role: string
    environment: string | null
    label: string | null
    created_at: Date
    created_by: string
    revoked_at: Date | null
  }
  delegation: {
    id: string
    workspace_id: string
    delegator_id: string
    delegate_id: string
    role: string
    environment: string | null
    label: string | null
    starts_at: Date
    ends_at: Date
    reason: string
    created_at: Date
    created_by: string
    revoked_at: Date | null
    revoked_by: string | null
  }
  identity_link: {
    id: string
    workspace_id: string
    identity_a: string
    identity_b: string
    reason: string
    linked_at: Date
    linked_by: string
    unlinked_at: Date | null
    unlinked_by: string | null
  }
  access_rules: {
    one: Generated<boolean>
    version: bigint
    digest: string
    model: string
    policy: string
    loaded_at: Date
  }
}
