import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const bytesEach = 16

/**
 * A source of prediction ids, `pr_` and a UUIDv7 (RFC 9562), so that they sort by time. Randomness is drawn from the
 * platform's CSPRNG for 256 ids at once: one call of it a request was 5 % of the gateway's time. `nowMs` is epoch ms.
 */
export function predictionIds(): (nowMs: number) => string {
  const pool = new Uint8Array(256 * bytesEach)
  let used = pool.length
  return (nowMs) => {
    if (used >= pool.length) {
      randomFillSync(pool)
      used = 0
    }
    const random = pool.slice(used, used + bytesEach)
    used += bytesEach
    return `pr_${v7({ msecs: nowMs, random })}`
  }
}
