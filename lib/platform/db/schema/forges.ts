export type ForgeTables = {
  forge: {
    id: string
    workspace_id: string
    name: string
    kind: 'github' | 'gitlab'
    repository: string
    sealed_hook_secret: string | null
    created_at: Date
    created_by: string
    disabled_at: Date | null
    disabled_by: string | null
  }
  forge_delivery: {
    forge_id: string
    body_digest: string
    version_id: string
    delivery_id: string
    evidence_id: string
    received_at: Date
  }
}
