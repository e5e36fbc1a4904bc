import type { Tx } from '#lib/platform/db/schema.ts'
import { lockIncident } from './queries.ts'
import { resourceOf } from './resource.ts'

/** For every verb on an incident: locked, with what roles are narrowed by. */
export async function loadIncident(tx: Tx, incidentId: string) {
  const subject = await lockIncident(tx, incidentId)
  return subject && { subject, resource: resourceOf(subject), name: subject.title }
}
