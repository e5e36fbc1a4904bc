import type { Kysely } from 'kysely'
import type { System } from '../context.ts'
import { processSingleton } from '../globals.ts'
import type { Database } from './schema.ts'

// One a process: the copy of this module that opens the system is not always the copy that serves a page.
const writers = () => processSingleton('writers', () => new WeakMap<System['db'], Kysely<Database>>())

/** Says which writing pool stands beside that read handle. Called once, by the composition root. */
export function registerWriter(db: System['db'], writer: Kysely<Database>): void {
  writers().set(db, writer)
}

/**
 * The writing pool of a system. Only `mutate`, `housekeep` and the composition root may import this module (the import
 * law checks it): everything else gets a transaction from one of those two, or none.
 */
export function writerOf(system: Pick<System, 'db'>): Kysely<Database> {
  const writer = writers().get(system.db)
  if (!writer) throw new Error('this context has no writer: it was not made by the composition root')
  return writer
}
