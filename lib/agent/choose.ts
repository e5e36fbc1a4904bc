import { createHash } from 'node:crypto'
import type { Weight } from '#lib/platform/ports/traffic.ts'

export const buckets = 10_000

/**
 * The order in which 100 requests go to versions, so that after any number t of requests each version has had
 * percent·t/100 of them within one request. After 100 the counts are exact and the order repeats.
 *
 * Tijdeman, "The chairman assignment problem" (Discrete Mathematics 32, 1980): at step t, among the versions whose
 * deficit λt − x is at least 1/(2n−2), the one whose deadline (1 − 1/(2n−2) − (λt − x))/λ is earliest; every deviation
 * stays within 1 − 1/(2n−2). The comparison `>= 100` is that of the deficit multiplied by 100·(2n−2), in integers.
 */
export function schedule(weights: readonly Weight[]): string[] {
  const live = weights.filter((w) => w.percent > 0).map((w) => ({ ...w, served: 0 }))
  const only = live[0]
  if (only === undefined) throw new RangeError('weights must sum to 100')
  if (live.length === 1) return Array.from({ length: 100 }, () => only.versionId)
  const slack = 2 * live.length - 2
  const order: string[] = []
  for (let t = 1; t <= 100; t++) {
    const deficit = (w: (typeof live)[number]) => w.percent * t - 100 * w.served
    const deadline = (w: (typeof live)[number]) => (100 - 100 / slack - deficit(w)) / w.percent
    const due = live.filter((w) => deficit(w) * slack >= 100)
    const next = due.reduce((a, b) => (deadline(b) < deadline(a) ? b : a), due[0] ?? only)
    next.served += 1
    order.push(next.versionId)
  }
  return order
}

/** The bucket 0..9999 of a key at an endpoint: the first 48 bits of SHA-256(endpoint, NUL, key), modulo 10,000. */
export function bucketOf(endpointId: string, key: string): number {
  return createHash('sha256').update(`${endpointId}\0${key}`).digest().readUIntBE(0, 6) % buckets
}

/**
 * The version that owns a bucket. The versions other than stable take the buckets from 0 upwards, so raising the
 * candidate's weight only moves keys from stable to the candidate and none back.
 */
export function versionOfBucket(
  weights: readonly Weight[],
  stableVersionId: string | undefined,
  bucket: number,
): string {
  const stable = (w: Weight) => (w.versionId === stableVersionId ? 1 : 0)
  const ordered = [...weights].sort((a, b) => stable(a) - stable(b) || (a.versionId < b.versionId ? -1 : 1))
  let end = 0
  for (const w of ordered) {
    end += (w.percent * buckets) / 100
    if (bucket < end) return w.versionId
  }
  throw new RangeError(`bucket ${bucket} is not below ${buckets}, or the weights do not sum to 100`)
}
