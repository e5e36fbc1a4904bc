import { appendEntry } from '#lib/audit/append.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { SessionInput } from './model.ts'
import { endSessionOf } from './queries-sessions.ts'

/** Ends one of the caller's own sessions, on this or another device. @throws `not-found` for any other */
export async function endOwnSession(ctx: Ctx, input: SessionInput): Promise<{ sessionId: string }> {
  const { sessionId } = parseInput(SessionInput, input)
  await housekeep(ctx, 'session', async (tx) => {
    if (!(await endSessionOf(tx, ctx.actorId, sessionId, ctx.clock.now())))
      throw problem('not-found', 'You have no such session, or it has ended.')
    await appendEntry(
      tx,
      { ...ctx, workspaceId: rootWorkspaceId },
      {
        action: 'session:end',
        resource: { kind: 'session', id: sessionId.slice(0, 16) },
        outcome: 'done',
        because: 'ended by its owner from the list of sessions',
      },
    )
  })
  ctx.notify(['audit'])
  return { sessionId }
}
