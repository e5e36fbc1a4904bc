import { navGroups } from '../../../app/_ui/shell/nav.ts'
import { paths } from '../../../app/paths.ts'
import type { Api } from './people.ts'

/** Every page that the rail and the bell lead to. */
export const rooms: readonly string[] = [
  ...navGroups.flatMap((group) => group.items.map((item) => item.href)),
  paths.inbox(),
  paths.importModels(),
  paths.auditStatus(),
  paths.notificationSettings(),
  paths.policyWhatIf(),
]

/** The page of one thing of each kind that there is in the workspace now. */
export async function thingsOf(api: Api): Promise<string[]> {
  const [models, approvals, endpoints, rollouts, monitors, slos, incidents, entries] = await Promise.all(
    ['/models', '/approvals', '/endpoints', '/rollouts', '/monitors', '/slos', '/incidents', '/audit/entries'].map(
      (path) => firstOf(api, path),
    ),
  )
  const versions = models && (await firstOf(api, `/models/${models.id}/versions`))
  const features = monitors && ((await api.get(`/monitors/${monitors.id}`)).body['features'] as { feature: string }[])
  return [
    models && paths.model(models.id),
    models && versions && paths.modelVersion(models.id, versions.id),
    models && versions && paths.card(models.id, versions.id),
    approvals && paths.approval(approvals.id),
    approvals && paths.approvalRecord(approvals.id),
    endpoints && paths.endpoint(endpoints.id),
    endpoints && paths.qualityEndpoint(endpoints.id),
    rollouts && paths.rollout(rollouts.id),
    monitors && paths.driftMonitor(monitors.id),
    monitors && features?.[0] && paths.driftFeature(monitors.id, features[0].feature),
    slos && paths.slo(slos.id),
    incidents && paths.incident(incidents.id),
    entries && paths.auditEntry(entries.id),
  ].filter((path) => path !== undefined)
}

async function firstOf(api: Api, path: string): Promise<{ id: string } | undefined> {
  const { body } = await api.get(`${path}?limit=1`)
  return (body['items'] as { id: string }[] | undefined)?.[0]
}
