import type { Resource } from '#lib/access/actions.ts'

/** What roles are narrowed by at an incident: the environment and labels of its endpoint, where it has one. */
export function resourceOf(incident: {
  id: string
  workspaceId: string
  environment: string | null
  labels: string[] | null
}): Resource {
  const { id, workspaceId, environment, labels } = incident
  return {
    kind: 'incident',
    id,
    workspaceId,
    ...(environment === null ? {} : { environment }),
    ...(labels === null ? {} : { labels }),
  }
}
