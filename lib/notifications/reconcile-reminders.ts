import { readApproval } from '#lib/approvals/reads.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { Telling } from './decide.ts'
import { findRecipients } from './find-recipients.ts'
import { endReminder, selectDueReminders } from './queries.ts'
import { tellPeople } from './tell-people.ts'

const remindersMax = 50

/** One turn: tells whoever asked that an approval ends soon, if it still holds as it did when the reminder was made. */
export async function reconcileReminders(system: System): Promise<number> {
  const now = system.clock.now()
  const due = await selectDueReminders(system.db, now, remindersMax)
  for (const reminder of due) {
    const { workspaceId, approvalId, expiresAt, dedupe } = reminder
    const telling = await tellingOf(system, reminder)
    const people = telling ? await findRecipients(system, { workspaceId, telling, by: undefined }) : []
    await housekeep(system, 'notification', async (tx) => {
      if (!(await endReminder(tx, dedupe, now)) || !telling) return
      await tellPeople(tx, {
        workspaceId,
        telling,
        people,
        cause: `${approvalId}:${expiresAt.toISOString()}`,
        at: now,
        now,
      })
    })
  }
  if (due.length > 0) system.notify(['notifications', 'changes'])
  return due.length
}

async function tellingOf(
  system: System,
  { workspaceId, approvalId, expiresAt }: { workspaceId: string; approvalId: string; expiresAt: Date },
): Promise<Telling | undefined> {
  try {
    const approval = await readApproval(workerCtx(system, workspaceId), approvalId)
    if (approval.state !== 'approved' || approval.expiresAt.getTime() !== expiresAt.getTime()) return undefined
    const { model, version, environment } = approval.subject
    return {
      kind: 'approval-expiring',
      to: 'requester',
      resource: { kind: 'approval', id: approvalId },
      title: `Ends soon: ${model.name}@${version.version} for ${environment.name}`,
      text: `The approval ends at ${expiresAt.toISOString()}. Ask again before, if it is to go on serving or to be promoted.`,
    }
  } catch (error) {
    if (isProblem(error, 'not-found') || isProblem(error, 'forbidden')) return undefined
    throw error
  }
}
