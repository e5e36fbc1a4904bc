import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'

export type Publication = {
  target: string
  size: bigint
  note: string | null
  published_at: Date | null
  checked_at: Date | null
  attempts: number
  failure: string | null
  due_at: Date
}

export function selectPublication(db: Reader, target: string): Promise<Publication | undefined> {
  return db.selectFrom('audit_publication').selectAll().where('target', '=', target).executeTakeFirst()
}

/** Every place that was ever published to, in the order of their names. */
export function selectPublications(db: Reader): Promise<Publication[]> {
  return db.selectFrom('audit_publication').selectAll().orderBy('target').limit(50).execute()
}

export async function keepPublication(tx: Tx, row: Publication): Promise<void> {
  const { target, ...rest } = row
  await tx
    .insertInto('audit_publication')
    .values({ target, ...rest })
    .onConflict((c) => c.column('target').doUpdateSet(rest))
    .execute()
}

/** The newest checkpoint that was signed at or below a size; undefined when there is none above `from`. */
export async function selectCheckpointUpTo(
  db: Reader,
  from: number,
  upTo: number,
): Promise<{ size: number; note: string } | undefined> {
  const row = await db
    .selectFrom('audit_checkpoint')
    .select(['size', 'note'])
    .where('size', '>', BigInt(from))
    .where('size', '<=', BigInt(upTo))
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { size: Number(row.size), note: row.note }
}

export type MonitorState = {
  nextBundle: number
  sweptAt: Date | null
  checkedAt: Date | null
  nextAttestation: string
  mismatches: Readonly<Record<string, string>>
}

export async function selectMonitor(db: Reader): Promise<MonitorState> {
  const row = await db.selectFrom('audit_monitor').selectAll().executeTakeFirst()
  return {
    nextBundle: Number(row?.next_bundle ?? 0),
    sweptAt: row?.swept_at ?? null,
    checkedAt: row?.checked_at ?? null,
    nextAttestation: row?.next_attestation ?? '',
    mismatches: row?.mismatches ?? {},
  }
}

export async function keepMonitor(tx: Tx, state: MonitorState): Promise<void> {
  const columns = {
    next_bundle: BigInt(state.nextBundle),
    swept_at: state.sweptAt,
    checked_at: state.checkedAt,
    next_attestation: state.nextAttestation,
    mismatches: json(state.mismatches),
  }
  await tx
    .insertInto('audit_monitor')
    .values(columns)
    .onConflict((c) => c.column('one').doUpdateSet(columns))
    .execute()
}

/** Entries that processes have counted and that have no place in the log, by process; the newest first. */
export async function selectMissingCounters(
  db: Reader,
  limit: number,
): Promise<{ instance: string; missing: number; lastAt: Date }[]> {
  const rows = await db
    .selectFrom('audit_instance')
    .select(['instance', 'last_at', sql<bigint>`highest - entries`.as('missing')])
    .whereRef('highest', '<>', 'entries')
    .orderBy('last_at', 'desc')
    .limit(limit)
    .execute()
  return rows.map((r) => ({ instance: r.instance, missing: Number(r.missing), lastAt: r.last_at }))
}

export type SweptLeaf = {
  index: bigint
  leaf: Buffer
  entryId: string
  digest: string
  salt: string
  content: string | null
  personSalt: string | null
  person: string | null
}

/** Leaves from `from` up to but without `to`, with the row and the detail that each was made of. */
export function selectSwept(db: Reader, from: number, to: number): Promise<SweptLeaf[]> {
  return db
    .selectFrom('audit_leaf as l')
    .innerJoin('audit_entry as e', 'e.id', 'l.entry_id')
    .innerJoin('audit_detail as d', 'd.entry_id', 'l.entry_id')
    .select([
      'l.index',
      'l.leaf',
      'e.id as entryId',
      'e.digest',
      'd.salt',
      'd.content',
      'd.person',
      'd.person_salt as personSalt',
    ])
    .where('l.index', '>=', BigInt(from))
    .where('l.index', '<', BigInt(to))
    .orderBy('l.index')
    .execute()
}
