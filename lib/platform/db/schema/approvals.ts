import type { ColumnType } from 'kysely'
import type { Json, NullableJson } from './core.ts'

export type EvidenceTables = {
  evidence: {
    id: string
    workspace_id: string
    version_id: string
    kind:
      | 'evaluation'
      | 'model-card'
      | 'data-validation'
      | 'security-scan'
      | 'drift-baseline'
      | 'test-result'
      | 'ci-run'
    digest: string
    content: Json<unknown>
    /** Where it came from, such as the run that measured it. */
    source: NullableJson<unknown>
    statement_digest: string
    produced_by: string
    measured_at: Date
    added_at: Date
    withdrawn_at: Date | null
    withdrawn_by: string | null
    withdrawn_because: string | null
  }
  approval_vote: {
    id: string
    approval_id: string
    revision: number
    identity_id: string
    role: string
    decision: 'approve' | 'reject'
    reason: string
    revision_digest: string
    at: Date
    /** `{role, via, delegatorId?}[]` as they were when it was cast. */
    grants: ColumnType<unknown, string | undefined, string>
  }
  break_glass: {
    id: string
    workspace_id: string
    version_id: string
    environment_id: string
    version_digest: string
    policy_name: string
    policy_digest: string
    incident_id: string | null
    reason: string
    used_by: string
    at: Date
    expires_at: Date
    review_due_at: Date
    reviewed_at: Date | null
    reviewed_by: string | null
    verdict: 'accepted' | 'objected' | null
    review: string | null
    overdue_told_at: Date | null
  }
}
