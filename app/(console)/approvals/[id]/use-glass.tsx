import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import { planBreakGlass, type GlassPlan } from '#lib/approvals/reads-break-glass.ts'
import { listIncidents } from '#lib/incidents/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { scopeOf } from '../../../_server/voting.ts'
import { curlOf } from '../../../_ui/curl.ts'
import type { PlanLine } from '../../../_ui/dialog/confirm-dialog.tsx'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { formatDuration, shortDigest } from '../../../_ui/format.ts'
import { breakGlassAction } from '../actions.ts'

export type UseGlassProps = { ctx: Ctx; workspace: string; approval: ApprovalDetail }
type Can = GlassPlan['can']
type Choice = { value: string; label: string }

/** Break-glass for the version of a request: what it would do, or the rule that stands against it. */
export async function UseGlass({ ctx, workspace, approval }: UseGlassProps) {
  const { version, model, environment } = approval.subject
  const ids = { versionId: version.id, environmentId: environment.id }
  const [plan, incidents] = await Promise.all([planBreakGlass(ctx, ids), openIncidents(ctx)])
  const needed = plan.rule?.requireIncident === true
  const can: Can =
    plan.can.allowed && needed && incidents.length === 0
      ? { allowed: false, because: 'the policy asks for the incident that it is for, and none is open: open one first' }
      : plan.can
  const body = { ...ids, ...(needed ? { incidentId: 'in_…' } : {}), reason: 'why it cannot wait' }
  return (
    <GovernedAction
      refusal={await refusalOf(ctx, 'break-glass:use', scopeOf(approval), can)}
      opener="Break glass…"
      kind="danger"
      title={`Let ${model.name} ${version.version} serve in ${environment.name} without approval?`}
      plan={linesOf(plan, approval)}
      note="For an emergency. It is on record before anything serves, it starts no rollout by itself, and it marks whatever is done under it. Somebody else has to review it; until then nobody can use it again there."
      verb={`Break glass for ${version.version}`}
      action={breakGlassAction}
      fields={ids}
      inputs={[
        {
          name: 'incidentId',
          label: 'Incident',
          optional: !needed,
          options: needed ? incidents : [{ value: '', label: 'none' }, ...incidents],
        },
      ]}
      commands={{ curl: curlOf({ origin: ctx.config.origin, workspace, method: 'POST', path: '/break-glass', body }) }}
    />
  )
}

function linesOf({ policy, rule }: GlassPlan, { subject }: ApprovalDetail): PlanLine[] {
  return [
    { what: 'Artefact', to: shortDigest(subject.version.digest, 16) },
    { what: 'Policy', to: policy ? `${policy.name}, ${shortDigest(policy.digest)}` : 'none' },
    { what: 'May serve for', to: rule ? formatDuration(rule.ttl * 1000) : 'not at all' },
    { what: 'Review by somebody else within', to: rule ? formatDuration(rule.reviewWithin * 1000) : 'not at all' },
  ]
}

const incidentsMax = 50

async function openIncidents(ctx: Ctx): Promise<Choice[]> {
  if (await refusalOf(ctx, 'incident:read')) return []
  const { items } = await listIncidents(ctx, { unresolved: true, limit: incidentsMax })
  return items.map(({ id, title, severity }) => ({ value: id, label: `${severity}: ${title}` }))
}
