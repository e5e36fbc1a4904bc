import type { System } from './context.ts'
import { housekeep } from './housekeep.ts'

export type Lease = { name: string; holder: string; fence: bigint; expiresAt: Date }

/**
 * Takes or renews a named lease for `seconds`. Undefined: somebody else holds it. The fence rises whenever the holder
 * changes or the lease had run out, and never falls: whoever acts outside sends it along, and a stale holder is refused.
 */
export async function takeLease(
  system: System,
  name: string,
  holder: string,
  seconds: number,
): Promise<Lease | undefined> {
  const now = system.clock.now()
  const expiresAt = new Date(now.getTime() + seconds * 1000)
  return housekeep(system, 'lease', async (tx) => {
    await tx
      .insertInto('lease')
      .values({ name, holder: '', fence: 0n, expires_at: new Date(0) })
      .onConflict((c) => c.doNothing())
      .execute()
    const row = await tx.selectFrom('lease').selectAll().where('name', '=', name).forUpdate().executeTakeFirstOrThrow()
    const mine = row.holder === holder && row.expires_at > now
    if (!mine && row.expires_at > now) return undefined
    const fence = mine ? row.fence : row.fence + 1n
    await tx.updateTable('lease').set({ holder, fence, expires_at: expiresAt }).where('name', '=', name).execute()
    return { name, holder, fence, expiresAt }
  })
}

/** Gives a lease back early, so that another process need not wait for its end. */
export async function releaseLease(system: System, lease: Lease): Promise<void> {
  await housekeep(system, 'lease', (tx) =>
    tx
      .updateTable('lease')
      .set({ expires_at: new Date(0) })
      .where('name', '=', lease.name)
      .where('fence', '=', lease.fence)
      .where('holder', '=', lease.holder)
      .execute(),
  )
}
