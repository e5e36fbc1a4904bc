'use server'
import { deployVersion } from '#lib/endpoints/deploy-version.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

/** Deploys the first version to an endpoint: the intent, which the worker carries out and reads back. */
export async function deployAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await deployVersion(ctx, {
      endpointId: field(form, 'endpointId'),
      versionId: field(form, 'versionId'),
      reason: field(form, 'reason'),
    })
    return 'Requested. The worker starts the server, gives it the traffic and reads both back.'
  })
}
