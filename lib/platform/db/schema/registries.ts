import type { Claimable, Json, NullableJson } from './core.ts'

export type RegistryTables = {
  registry: Omit<Claimable, 'due_at'> & {
    id: string
    workspace_id: string
    name: string
    kind: 'mlflow'
    url: string
    settings: Json<unknown>
    sealed_credentials: string | null
    sealed_hook_secret: string
    outside_edits: 'report' | 'put-back'
    state: 'checking' | 'connected' | 'failing' | 'disabled'
    because: string
    server: NullableJson<unknown>
    created_at: Date
    created_by: string
    checked_at: Date | null
    scanned_at: Date | null
    synced_at: Date | null
    hook_at: Date | null
    due_at: Date | null
  }
  registry_model: {
    registry_id: string
    name: string
    model_id: string | null
    chosen_by: string | null
    description: string
    tags: Json<unknown>
    aliases: Json<unknown>
    versions: number
    seen_at: Date
    gone_at: Date | null
  }
  registry_version: {
    registry_id: string
    name: string
    version: number
    version_id: string | null
    record: Json<unknown>
    record_digest: string
    seen_at: Date
    gone_at: Date | null
    because: string | null
    attempts: number
    next_at: Date | null
    digest_due_at: Date | null
    found_digest: string | null
  }
  registry_alias: {
    registry_id: string
    name: string
    alias: string
    verified_version_id: string | null
    reported: string | null
    seen_at: Date
  }
}
