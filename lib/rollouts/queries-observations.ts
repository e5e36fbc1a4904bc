import type { Reader } from '#lib/platform/db/schema.ts'
import type { Decision } from './decision.ts'
import type { RolloutObservation } from './observation.ts'
import type { ObservationRow } from './views.ts'

export type { ObservationRow } from './views.ts'

/** Stored observations of a rollout, newest first. */
export async function selectObservations(
  db: Reader,
  filter: { rolloutId: string; before?: string | undefined; limit: number },
): Promise<ObservationRow[]> {
  let query = db
    .selectFrom('rollout_observation')
    .select(['id', 'at', 'policy_digest as policyDigest', 'observation', 'decision'])
    .where('rollout_id', '=', filter.rolloutId)
  if (filter.before !== undefined) query = query.where('id', '<', filter.before)
  const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute()
  return rows.map((row) => ({
    ...row,
    observation: row.observation as ObservationRow['observation'],
    decision: row.decision as Decision,
  }))
}

/** What was last looked at, whatever was decided. */
export async function selectLastObservation(db: Reader, rolloutId: string): Promise<RolloutObservation | undefined> {
  const [row] = await selectObservations(db, { rolloutId, limit: 1 })
  return row?.observation.observation
}
