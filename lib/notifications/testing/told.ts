import { sql } from 'kysely'
import { loadApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { requestApproval } from '#lib/approvals/request-approval.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { TestSystem, TestWorkspace } from '../../../tests/support/system.ts'
import { createChannel } from '../create-channel.ts'
import { reconcileDeliveries } from '../reconcile-deliveries.ts'
import { reconcileNotifications } from '../reconcile.ts'
import { setPreference } from '../set-preference.ts'
import type { SetPreferenceInput } from '../model.ts'

export type Office = {
  ws: TestWorkspace
  admin: Ctx
  /** Who asks. */
  dana: Ctx
  /** Who may decide. */
  priya: Ctx
  environmentId: string
  /** Asks for approval of a new version; returns the request's id. */
  ask(): Promise<{ id: string; revisionDigest: string; versionId: string }>
}

/** A workspace with an unprotected environment, in which one approver decides. */
export async function openOffice(t: TestSystem): Promise<Office> {
  await loadApprovalPolicies()
  const ws = await t.workspace()
  const [admin, dana, priya] = [
    await ws.as('admin', 'ingrid'),
    await ws.as('developer', 'dana'),
    await ws.as('approver', 'priya'),
  ]
  const { id: environmentId } = await createEnvironment(admin, { name: 'staging', protected: false })
  const model = await registerModel(dana, { name: 'fraud', title: 'Fraud', risk: 'low' })
  let versions = 0
  const ask = async () => {
    versions += 1
    const digest = `sha256:${versions.toString(16).padStart(64, '0')}`
    const version = await registerVersion(dana, {
      modelId: model.id,
      version: `${versions}.0.0`,
      digest,
      artifactUri: 'file:///m',
      evaluation: { metrics: { accuracy: 0.97, auc: 0.9, logLoss: 0.2, calibrationError: 0.01 } },
    })
    const asked = await requestApproval(dana, { versionId: version.id, environmentId, reason: 'the secret reason' })
    return { ...asked, versionId: version.id }
  }
  return { ws, admin, dana, priya, environmentId, ask }
}

/** A mail server that serves acme.example. */
export function addMail(office: Office) {
  return createChannel(office.admin, {
    kind: 'email',
    name: 'Mail',
    config: {
      host: 'mail.acme.example',
      port: 587,
      security: 'starttls',
      user: 'mailer',
      from: 'q@acme.example',
      recipientDomains: ['acme.example'],
    },
    password: 'a password that nobody sees',
  })
}

export function prefer(ctx: Ctx, more: Partial<SetPreferenceInput> = {}) {
  return setPreference(ctx, {
    inboxKinds: ['approval-waiting', 'approval-decided', 'approval-ended', 'approval-expiring', 'break-glass'],
    email: `${ctx.actor.name}@acme.example`,
    emailKinds: ['approval-waiting', 'approval-decided', 'approval-ended', 'approval-expiring', 'break-glass'],
    timing: 'at-once',
    timeZone: 'UTC',
    digestHour: 8,
    mutedUntil: null,
    ...more,
  })
}

/** Runs turns until the feed has been followed to its end. */
export async function follow(t: TestSystem): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    await reconcileNotifications(t.system)
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from audit_entry e where (e.epoch, e.xid, e.id) >
        (select epoch, xid, entry_id from feed_cursor where consumer = 'notifications')`.execute(t.system.db)
    if (rows[0]?.n === 0) return
  }
  throw new Error('the feed was not followed to its end')
}

/** Sends out everything that is due now. */
export async function sendOut(t: TestSystem): Promise<void> {
  for (let turn = 0; turn < 50; turn++) if ((await reconcileDeliveries(t.system, 'test')) === 0) return
  throw new Error('there is always more to send')
}
