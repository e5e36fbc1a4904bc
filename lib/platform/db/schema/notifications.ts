import type { Generated } from 'kysely'
import type { Claimable, Json, NullableJson } from './core.ts'

export type CardTables = {
  model_card: {
    id: string
    workspace_id: string
    version_id: string
    /** From 1; what was registered with the version is revision 0. */
    revision: number
    version_digest: string
    text: string
    digest: string
    because: string
    created_at: Date
    created_by: string
  }
}

export type NotificationTables = {
  notification_channel: {
    id: string
    workspace_id: string
    kind: 'email' | 'webhook'
    name: string
    config: Json<unknown>
    sealed_secret: string | null
    kinds: string[]
    created_at: Date
    created_by: string
    removed_at: Date | null
  }
  notification_preference: {
    workspace_id: string
    identity_id: string
    inbox_kinds: string[]
    email: string | null
    email_kinds: string[]
    timing: 'at-once' | 'hourly' | 'daily'
    time_zone: string
    digest_hour: number
    muted_until: Date | null
    updated_at: Date
  }
  notification: {
    id: string
    workspace_id: string
    identity_id: string
    kind: string
    title: string
    text: string
    resource_kind: string
    resource_id: string
    in_inbox: boolean
    at: Date
    created_at: Date
    read_at: Date | null
    /** What it is told for: the same never twice. */
    dedupe: string
  }
  notification_reminder: {
    dedupe: string
    workspace_id: string
    approval_id: string
    expires_at: Date
    due_at: Date
    done_at: Date | null
  }
  notification_delivery: Claimable & {
    id: string
    workspace_id: string
    channel_id: string
    /** Null for a webhook, which belongs to the workspace. */
    identity_id: string | null
    form: 'at-once' | 'digest' | 'webhook' | 'test'
    dedupe: string
    payload: NullableJson<unknown>
    state: 'waiting' | 'delivered' | 'dropped' | 'dead'
    because: string
    created_at: Date
    ended_at: Date | null
  }
  notification_delivery_item: { delivery_id: string; notification_id: string }
  notification_attempt: {
    id: Generated<bigint>
    delivery_id: string
    attempt: number
    at: Date
    outcome: 'accepted' | 'refused'
    permanent: boolean
    because: string | null
    provider_id: string | null
    duration_ms: number
  }
}
