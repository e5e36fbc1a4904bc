import type { Reader } from '#lib/platform/db/schema.ts'
import { selectOpenFindings } from './queries.ts'

/** For rollouts and others above: what drifts at an endpoint now, acknowledged or not. */
export function findOpenFindings(db: Reader, filter: { endpointId: string }) {
  return selectOpenFindings(db, filter.endpointId)
}
