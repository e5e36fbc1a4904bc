import type { EnvironmentView, ModelView, ServingView, VersionView } from '#lib/models/model.ts'
import { planApproval, type ApprovalPlan } from '#lib/approvals/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../_server/may.ts'
import { curlOf } from '../../_ui/curl.ts'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import type { PlanLine } from '../../_ui/dialog/confirm-dialog.tsx'
import { formatNumber, shortDigest } from '../../_ui/format.ts'
import { decimalsFor } from './metrics.ts'
import { requestApprovalAction } from './actions.ts'

export type RequestApprovalProps = {
  ctx: Ctx
  workspace: string
  model: Pick<ModelView, 'labels'>
  version: VersionView
  environment: EnvironmentView
  serving: ServingView | undefined
  kind?: 'primary' | 'default'
}

/** Asks for approval in one environment, with the plan as the server would make it now; or says why it cannot be asked. */
export async function RequestApproval({
  ctx,
  workspace,
  model,
  version,
  environment,
  serving,
  kind,
}: RequestApprovalProps) {
  const ids = { versionId: version.id, environmentId: environment.id }
  const plan = await planApproval(ctx, ids)
  const scope = { environment: environment.name, labels: model.labels }
  const refusal = await refusalOf(ctx, 'approval:request', scope, plan.can)
  const body = { ...ids, reason: 'why it should serve there' }
  return (
    <GovernedAction
      refusal={refusal}
      opener={`Request approval for ${environment.name}…`}
      kind={kind ?? 'default'}
      title={`Ask that ${version.modelName} ${version.version} may serve in ${environment.name}?`}
      plan={planLines(plan, version, environment, serving)}
      note="The request binds these digests. If any of them changes, the votes are void and it has to be asked for again."
      verb={`Request approval of ${version.version}`}
      action={requestApprovalAction}
      fields={ids}
      reasonLengthMin={3}
      commands={{
        curl: curlOf({ origin: ctx.config.origin, workspace, method: 'POST', path: '/approvals', body }),
      }}
    />
  )
}

function planLines(
  plan: ApprovalPlan,
  version: VersionView,
  environment: EnvironmentView,
  serving: ServingView | undefined,
): PlanLine[] {
  const quorum = Object.entries(plan.policy.quorum)
    .filter(([, need]) => need > 0)
    .map(([role, need]) => `${need} ${role}${need === 1 ? '' : 's'}`)
  const evidence = plan.evidence.flatMap((check) =>
    Object.entries(check.values).map(
      ([name, value]) =>
        `${name} ${value === null ? 'missing' : typeof value === 'number' ? shown(value) : String(value)}`,
    ),
  )
  return [
    {
      what: `Version in ${environment.name}`,
      ...(serving ? { from: serving.version } : {}),
      to: version.version,
    },
    { what: 'Artefact', to: shortDigest(version.digest, 16) },
    { what: 'Policy', to: `${plan.policy.name}, ${shortDigest(plan.policy.digest)}` },
    { what: 'Who decides', to: quorum.join(' and ') },
    { what: 'Evidence', to: evidence.join(', ') || 'none asked for' },
  ]
}

function shown(value: number): string {
  return formatNumber(value, '', decimalsFor(value))
}
