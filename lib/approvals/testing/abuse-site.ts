import { bindRole } from '#lib/members/bind-role.ts'
import { addEvidence } from '#lib/models/add-evidence.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { TestSystem } from '../../../tests/support/system.ts'
import { findClearance } from '../reads-clearance.ts'
import { approvalSite } from './request.ts'

type Placed = { version: { id: string; digest: string } }

/** A workspace in which two approvers and an operator decide, and what the abuse cases do again and again. */
export async function abuseSite(t: TestSystem) {
  const ws = await t.workspace()
  const site = await approvalSite(t.system, ws)
  const [priya, tomas, olu] = [
    await ws.as('approver', 'priya'),
    await ws.as('approver', 'tomas'),
    await ws.as('operator', 'olu'),
  ]
  const open = async (who?: Ctx) => {
    const version = await site.submit()
    return { ...(await site.ask(version.id, site.production.id, who)), version }
  }
  const approved = async () => {
    const a = await open()
    await site.vote(priya, a)
    await site.vote(tomas, a)
    return a
  }
  const placeOf = (a: { version: { id: string } }) => ({ versionId: a.version.id, environmentId: site.production.id })
  const at = (a: Placed) => ({ ...placeOf(a), digest: a.version.digest })
  const clearance = (a: Placed, actorId?: string) => findClearance(t.system.db, at(a), t.clock.now(), false, actorId)
  const measured = (who: Ctx, versionId: string, auc: number) =>
    addEvidence(who, { versionId, kind: 'evaluation', content: { metrics: { auc } } })
  const also = async (role: 'developer' | 'approver' | 'operator', who: Ctx) =>
    bindRole(site.admin, { issuer: who.actor.issuer, subject: who.actor.subject, name: who.actor.name, role })
  return { site, priya, tomas, olu, open, approved, at, placeOf, clearance, measured, also }
}
