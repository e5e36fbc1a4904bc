export type IdentityTables = {
  sign_in_used: { digest: string; expires_at: Date }
  service_account: {
    id: string
    workspace_id: string
    identity_id: string
    name: string
    purpose: string
    created_at: Date
    created_by: string
    disabled_at: Date | null
    disabled_by: string | null
  }
}
