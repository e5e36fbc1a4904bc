import type { Clock } from '#lib/platform/clock.ts'
import { problem } from '#lib/platform/errors.ts'

export type RateLimit = { burst: number; perSecond: number }

/** Far above what people and pipelines do; it stops loops that went wrong. */
export const defaultRateLimit: RateLimit = { burst: 3000, perSecond: 500 }

const actorsMax = 10_000

/**
 * A token bucket an actor, in this process. At most 10,000 are remembered: the one that was quiet longest is forgotten,
 * which can only give it a fresh burst.
 * @returns a check that takes one token, or throws `rate-limited` with the whole seconds until there is one again
 */
export function rateLimiter(clock: Pick<Clock, 'monotonicMs'>, limit: RateLimit): (actorId: string) => void {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return (actorId) => {
    const nowMs = clock.monotonicMs()
    const held = buckets.get(actorId) ?? { tokens: limit.burst, atMs: nowMs }
    const tokens = Math.min(limit.burst, held.tokens + ((nowMs - held.atMs) / 1000) * limit.perSecond)
    // Written anew, so that a Map's order of insertion is the order of use.
    buckets.delete(actorId)
    buckets.set(actorId, { tokens: Math.max(0, tokens - 1), atMs: nowMs })
    const [oldest] = buckets.keys()
    if (buckets.size > actorsMax && oldest !== undefined) buckets.delete(oldest)
    if (tokens >= 1) return
    buckets.set(actorId, { tokens, atMs: nowMs })
    const retryAfterSeconds = Math.max(1, Math.ceil((1 - tokens) / limit.perSecond))
    throw problem('rate-limited', `Slow down: try again in ${retryAfterSeconds} s.`, { retryAfterSeconds })
  }
}
