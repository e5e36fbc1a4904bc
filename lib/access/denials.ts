import type { Ctx } from '#lib/platform/context.ts'
import { processSingleton } from '#lib/platform/globals.ts'

const perMinute = 10
const actorsMax = 10_000

/** Whether one more denial of this actor is worth an audit entry: the first ten a minute are, in each process. */
export function mayRecordDenial(ctx: Pick<Ctx, 'actorId' | 'clock' | 'log'>): boolean {
  const seen = processSingleton('denials', () => new Map<string, { minute: number; count: number }>())
  const minute = Math.floor(ctx.clock.now().getTime() / 60_000)
  const entry = seen.get(ctx.actorId)
  const count = entry?.minute === minute ? entry.count + 1 : 1
  if (seen.size >= actorsMax && !entry) seen.clear()
  seen.set(ctx.actorId, { minute, count })
  if (count === perMinute + 1)
    ctx.log.warn({ actorId: ctx.actorId }, 'further denials of this actor are not recorded this minute')
  return count <= perMinute
}
