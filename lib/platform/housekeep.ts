import type { System } from './context.ts'
import type { Tx } from './db/schema.ts'
import { writerOf } from './db/writer.ts'

/**
 * Who may write without an audit entry, and for what: nothing here decides which version serves or who may do what. What
 * people are told follows from entries of the log, and every attempt to tell them has a row of its own (`notification`).
 * The list is closed: a test holds it, and holds it against who does it.
 */
export const housekeepers = [
  'lease',
  'telemetry-fold',
  'observation',
  'sequencer',
  'feed-cursor',
  'idempotency',
  'session',
  'retention',
  'notification',
  'demo',
  'registry-mirror',
] as const
export type Housekeeper = (typeof housekeepers)[number]

/** Runs an ungoverned write in one transaction. */
export async function housekeep<T>(
  system: Pick<System, 'db'>,
  owner: Housekeeper,
  run: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (!housekeepers.includes(owner)) throw new TypeError(`not a housekeeper: ${owner}`)
  return writerOf(system).transaction().execute(run)
}
