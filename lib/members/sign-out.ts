import { appendEntry } from '#lib/audit/append.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { endSession } from './queries-credentials.ts'
import { sessionIdOf } from './sign-in-as-persona.ts'

/** Ends a session for good. Ending one that has ended already changes nothing. */
export async function signOut(ctx: Ctx, cookie: string): Promise<void> {
  const id = sessionIdOf(cookie)
  await housekeep(ctx, 'session', async (tx) => {
    if (!(await endSession(tx, id, ctx.clock.now()))) return
    const resource = { kind: 'session', id: id.slice(0, 16) }
    await appendEntry(
      tx,
      { ...ctx, workspaceId: rootWorkspaceId },
      { action: 'session:end', resource, outcome: 'done', because: 'signed out' },
    )
  })
}
