'use server'
import { requestApproval } from '#lib/approvals/request-approval.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

/** Asks that a version may serve in an environment. */
export async function requestApprovalAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const { policy, revision } = await requestApproval(ctx, {
      versionId: field(form, 'versionId'),
      environmentId: field(form, 'environmentId'),
      reason: field(form, 'reason'),
    })
    return `Asked for under the policy ${policy}, revision ${revision}. Those who may vote see it now.`
  })
}
