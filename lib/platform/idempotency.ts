import type { System } from './context.ts'
import { housekeep } from './housekeep.ts'

export type StoredAnswer = { requestDigest: string; response: unknown }

/** How long the answer to an idempotency key is kept. */
export const idempotencyHours = 24

/** The answer that `mutate` stored under this caller's key in this workspace, if there is one. */
export async function findAnswer(
  system: Pick<System, 'db'>,
  caller: { workspaceId: string; actorId: string },
  key: string,
): Promise<StoredAnswer | undefined> {
  const row = await system.db
    .selectFrom('idempotency_key')
    .select(['request_digest', 'response'])
    .where('workspace_id', '=', caller.workspaceId)
    .where('actor_id', '=', caller.actorId)
    .where('key', '=', key)
    .executeTakeFirst()
  return row && { requestDigest: row.request_digest, response: row.response }
}

/** Forgets answers older than a day, at most `rowsMax` a call. @returns how many were forgotten */
export async function forgetIdempotencyKeys(system: Pick<System, 'db' | 'clock'>, rowsMax = 10_000): Promise<number> {
  const before = new Date(system.clock.now().getTime() - idempotencyHours * 3_600_000)
  return housekeep(system, 'idempotency', async (tx) => {
    const old = tx
      .selectFrom('idempotency_key')
      .select(['workspace_id', 'actor_id', 'key'])
      .where('created_at', '<', before)
      .orderBy('created_at')
      .limit(rowsMax)
    const result = await tx
      .deleteFrom('idempotency_key')
      .where((w) =>
        w(w.refTuple('workspace_id', 'actor_id', 'key'), 'in', old.$asTuple('workspace_id', 'actor_id', 'key')),
      )
      .executeTakeFirst()
    return Number(result.numDeletedRows)
  })
}
