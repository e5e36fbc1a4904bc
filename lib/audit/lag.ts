import { sql } from 'kysely'
import type { System } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'

/** How far the log is behind what was committed. */
export type SequencerLag = {
  /** Committed entries without a place in the log. */
  backlog: number
  /** When the oldest of them was made; null when there is none. */
  oldestAt: Date | null
  /** Its age; 0 when there is none. */
  lagSeconds: number
}

/** The sequencer runs every second or so: a minute without it means that it fails or that nothing runs it. */
export const lagAlarmSeconds = 60

/** Reads the sequencer's lag. Looks only past its watermark, so the cost grows with the backlog and not with the log. */
export async function readLag(db: Reader, now: Date): Promise<SequencerLag> {
  const { rows } = await sql<{ backlog: bigint; oldest: Date | null }>`
    select count(*) as backlog, min(e.time) as oldest from audit_entry e
    where (e.epoch, e.xid) >= (
      coalesce((select epoch from audit_sequencer), 0), coalesce((select watermark from audit_sequencer), '0'::xid8))
      and not exists (select 1 from audit_leaf l where l.entry_id = e.id)`.execute(db)
  const oldestAt = rows[0]?.oldest ?? null
  const ageMs = oldestAt === null ? 0 : Math.max(0, now.getTime() - oldestAt.getTime())
  return { backlog: Number(rows[0]?.backlog ?? 0n), oldestAt, lagSeconds: ageMs / 1000 }
}

/** Sets the gauges and raises the alarm, as a log line and in the answer, when the oldest entry has waited too long. */
export async function observeLag(
  system: Pick<System, 'db' | 'clock' | 'log' | 'metrics'>,
): Promise<SequencerLag & { alarm: boolean }> {
  const lag = await readLag(system.db, system.clock.now())
  system.metrics.auditBacklog.set(lag.backlog)
  system.metrics.auditLagSeconds.set(lag.lagSeconds)
  const alarm = lag.lagSeconds > lagAlarmSeconds
  if (alarm) system.log.error(lag, 'audit entries wait for their place in the log: see whether a worker runs')
  return { ...lag, alarm }
}
