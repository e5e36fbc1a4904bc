import type { Action } from '#lib/access/actions.ts'
import { authorizeRead } from '#lib/access/authorize.ts'
import { mayRecordDenial } from '#lib/access/denials.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { appendEntry, type AuditDraft } from './append.ts'

/** Below the door, so two of the door's duties are done here: asks, and records a denial. @throws `forbidden` */
export async function permit(ctx: Ctx, action: Action): Promise<void> {
  try {
    await authorizeRead(ctx, action)
  } catch (error) {
    if (isProblem(error, 'forbidden') && mayRecordDenial(ctx)) {
      const resource = { kind: 'log', id: ctx.config.logOrigin }
      await record(ctx, { action, resource, outcome: 'denied', because: error.message })
    }
    throw error
  }
}

/** Records an act of this folder in a transaction of its own: the third duty. */
export async function record(ctx: Ctx, draft: AuditDraft): Promise<void> {
  await housekeep(ctx, 'sequencer', (tx) => appendEntry(tx, ctx, draft))
  ctx.notify(['audit', 'changes'])
}
