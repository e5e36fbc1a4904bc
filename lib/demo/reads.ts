import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { can, type Can, type DemoState, type DemoView } from './model.ts'
import { selectDemo } from './queries.ts'

/** How far this workspace's demonstration is, and what may be done with it; null where there is none. */
export async function readDemo(ctx: Ctx): Promise<(DemoView & { mine: { control: Can; remove: Can } }) | null> {
  await authorizeRead(ctx, 'workspace:read')
  const row = await selectDemo(ctx.db, ctx.workspaceId)
  if (!row) return null
  const { state, updatedAt } = row
  const { phase, doing, next, paused, speed, finished, drill, removed, positionMs } = state
  return {
    workspaceId: row.workspaceId,
    phase,
    doing,
    next,
    eventDay: positionMs === null ? null : new Date(positionMs).toISOString().slice(0, 10),
    paused,
    speed,
    finished,
    drill: drill && { label: drill.label, since: new Date(drill.since) },
    removed: removed && { ...removed, at: new Date(removed.at) },
    updatedAt,
    mine: { control: can.control(state), remove: can.remove(state) },
  }
}

/** For the process that plays it: the state as it is. */
export async function findDemo(db: Reader, workspaceId: string): Promise<DemoState | undefined> {
  return (await selectDemo(db, workspaceId))?.state
}
