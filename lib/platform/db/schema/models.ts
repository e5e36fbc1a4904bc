import type { Generated } from 'kysely'
import type { Json, NullableJson, Claimable } from './core.ts'

export type ModelTables = {
  environment: { id: string; workspace_id: string; name: string; protected: boolean; created_at: Date }
  model: {
    id: string
    workspace_id: string
    name: string
    title: string
    description: string
    risk: 'low' | 'medium' | 'high' | 'unknown'
    labels: string[]
    created_at: Date
    created_by: string
  }
  model_version: {
    id: string
    workspace_id: string
    model_id: string
    version: string
    digest: string
    artifact_uri: string
    files: Json<unknown>
    lineage: Json<unknown>
    evaluation: Json<unknown>
    card: string
    created_at: Date
    created_by: string
    run_owner: string | null
  }
  model_alias: { model_id: string; alias: string; version_id: string; fence: bigint; updated_at: Date }
  model_serving: {
    id: Generated<bigint>
    workspace_id: string
    model_id: string
    version_id: string
    environment_id: string
    endpoint_id: string
    since: Date
    until: Date | null
  }
  approval: {
    id: string
    workspace_id: string
    model_id: string
    version_id: string
    environment_id: string
    revision: number
    revision_digest: string
    subject: Json<unknown>
    policy_name: string
    policy_digest: string
    policy: Json<unknown>
    state: 'open' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'superseded' | 'revoked'
    because: string
    requested_by: string
    requested_at: Date
    decided_at: Date | null
    approved_at: Date | null
    expires_at: Date
  }
}

export type EndpointTables = {
  endpoint: Claimable & {
    id: string
    workspace_id: string
    model_id: string
    environment_id: string
    name: string
    cluster: string
    template: Json<unknown>
    rollout_policy: string
    stable_version_id: string | null
    candidate_version_id: string | null
    intended_weights: Json<{ versionId: string; percent: number }[]>
    /** Sent with every outside write; whoever takes one makes every earlier one stale. */
    traffic_fence: Generated<bigint>
    observed: NullableJson<unknown>
    observed_at: Date | null
    state: 'empty' | 'deploying' | 'serving' | 'degraded' | 'unreachable'
    because: string
    created_at: Date
    created_by: string
  }
  rollout: Claimable & {
    id: string
    workspace_id: string
    endpoint_id: string
    model_id: string
    environment_id: string
    from_version_id: string
    to_version_id: string
    /** Null in an environment that is not protected, where none is asked for. */
    approval_id: string | null
    policy_name: string
    policy_digest: string
    policy: Json<unknown>
    state: 'pending' | 'progressing' | 'held' | 'promoting' | 'succeeded' | 'rolling-back' | 'rolled-back' | 'failed'
    step: number
    weight: number
    step_generation: number | null
    step_started_at: Date | null
    decision: Json<unknown>
    /** What a person asked for last and the next decision takes into account. */
    request: NullableJson<unknown>
    held_because: string | null
    plan: NullableJson<unknown>
    plan_step: Generated<number>
    chain: Json<unknown>
    watch: NullableJson<unknown>
    /** When and by whom it was decided to go back; kept when the rollback has ended. */
    rollback_at: Date | null
    rollback_by: 'person' | 'machine' | null
    requested_by: string
    created_at: Date
    ended_at: Date | null
  }
  rollout_observation: {
    id: string
    rollout_id: string
    at: Date
    policy_digest: string
    observation: Json<unknown>
    decision: Json<unknown>
  }
}
