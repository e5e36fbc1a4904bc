import { listApprovals } from '#lib/approvals/reads.ts'
import { can } from '#lib/endpoints/model.ts'
import type { EndpointView } from '#lib/endpoints/model.ts'
import { listVersions, readModel } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { stateRefusal } from '../../../_server/refusal.ts'
import { paths, withQuery } from '../../../paths.ts'
import { ButtonLink } from '../../../_ui/button-link.tsx'
import { curlOf } from '../../../_ui/curl.ts'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { shortDigest } from '../../../_ui/format.ts'
import { PermissionButton } from '../../../_ui/permission-button.tsx'
import { deployAction } from '../actions.ts'

type Props = { ctx: Ctx; workspace: string; endpoint: EndpointView }

/** The first version of an endpoint is deployed; later ones are rolled out, on the page of rollouts. */
export async function Deploy({ ctx, workspace, endpoint }: Props) {
  const candidate = await deployable(ctx, endpoint)
  const scope = { environment: endpoint.environment.name, labels: candidate.labels }
  const refusal = await refusalOf(ctx, 'endpoint:deploy', scope, can.deploy(endpoint))
  const rollouts = <ButtonLink href={withQuery(paths.rollouts(), { endpoint: endpoint.id })}>Rollouts</ButtonLink>
  if (endpoint.stable && endpoint.state !== 'deploying') return rollouts
  if (!candidate.version) {
    return <PermissionButton refusal={refusal ?? stateRefusal(candidate.because)}>Deploy…</PermissionButton>
  }
  const { version } = candidate
  const body = { versionId: version.id, reason: 'why' }
  return (
    <GovernedAction
      refusal={refusal}
      opener="Deploy…"
      kind="primary"
      title={`Deploy ${version.modelName} ${version.version} to ${endpoint.name}?`}
      plan={[
        { what: 'Stable version', from: 'none', to: version.version },
        { what: 'Artefact', to: shortDigest(version.digest, 16) },
        { what: 'Traffic', from: 'none', to: `${version.version} 100 %` },
        { what: 'Approval', to: candidate.because },
      ]}
      note="The worker starts its server, waits until it is ready, gives it all of the traffic and reads both back."
      verb={`Deploy ${version.version}`}
      action={deployAction}
      fields={{ endpointId: endpoint.id, versionId: version.id }}
      reasonLengthMin={3}
      commands={{
        curl: curlOf({
          origin: ctx.config.origin,
          workspace,
          method: 'POST',
          path: `/endpoints/${endpoint.id}/deploy`,
          body,
        }),
      }}
    />
  )
}

/** The newest version that may serve there now: with an approval where the environment is protected. */
async function deployable(ctx: Ctx, endpoint: EndpointView) {
  const { environment, modelId, modelName } = endpoint
  const denied = (await refusalOf(ctx, 'model:read')) ?? (await refusalOf(ctx, 'approval:read'))
  if (denied) return { version: undefined, labels: [], because: denied.because }
  const [model, { items: versions }, { items: approvals }] = await Promise.all([
    readModel(ctx, modelId),
    listVersions(ctx, modelId, { limit: 50 }),
    listApprovals(ctx, { state: 'approved', limit: 200 }),
  ])
  const { labels } = model
  if (!environment.protected) {
    const because = versions[0] ? `none needed in ${environment.name}` : `${modelName} has no version yet`
    return { version: versions[0], labels, because }
  }
  const nowMs = ctx.clock.now().getTime()
  const holding = approvals.filter((a) => a.subject.environment.id === environment.id && a.expiresAt.getTime() > nowMs)
  const version = versions.find((v) => holding.some((a) => a.subject.version.id === v.id))
  const because = version
    ? (holding.find((a) => a.subject.version.id === version.id)?.because ?? '')
    : `no version of ${modelName} is approved for ${environment.name}: ask for approval on the page of a version`
  return { version, labels, because }
}
