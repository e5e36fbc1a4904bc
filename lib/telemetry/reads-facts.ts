import type { Reader } from '#lib/platform/db/schema.ts'
import { factsBetween } from './queries-hours.ts'

/**
 * For the sums of the domains above: the request facts that `f` matches between neighbouring borders, as a subquery of rows
 * (`piece`, `endpoint_id`, `version_id`, `generation`, `requests`, `errors`, `cpu_micros`, `cpu_reported`, `latency`), each of
 * which stands for one slice or, where a whole one lies between two borders, one hour. Every request is in one row.
 * @param borders ascending, at least two
 */
export function findFactsBetween(
  db: Reader,
  matching: Parameters<typeof factsBetween>[1],
  borders: readonly Date[],
): ReturnType<typeof factsBetween> {
  return factsBetween(db, matching, borders)
}
