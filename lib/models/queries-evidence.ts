import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { EvidenceKind, EvidenceSource, EvidenceView } from './evidence.ts'

export type EvidenceRow = EvidenceView & { workspaceId: string; labels: string[] }

const rowsMax = 200

function evidenceQuery(db: Reader) {
  return db
    .selectFrom('evidence as e')
    .innerJoin('identity as i', 'i.id', 'e.produced_by')
    .innerJoin('model_version as v', 'v.id', 'e.version_id')
    .innerJoin('model as m', 'm.id', 'v.model_id')
    .select([
      'e.id',
      'e.workspace_id as workspaceId',
      'e.version_id as versionId',
      'e.kind',
      'e.digest',
      'e.content',
      'e.source',
      'e.statement_digest as statementDigest',
      'e.produced_by as producedById',
      'i.name as producedByName',
      'e.measured_at as measuredAt',
      'e.added_at as addedAt',
      'e.withdrawn_at as withdrawnAt',
      'e.withdrawn_because as withdrawnBecause',
      'm.labels',
    ])
}

function toRow(raw: Awaited<ReturnType<ReturnType<typeof evidenceQuery>['execute']>>[number]): EvidenceRow {
  const { producedById, producedByName, content, source, ...rest } = raw
  return {
    ...rest,
    content: content as Record<string, unknown>,
    source: source as EvidenceSource | null,
    producedBy: { id: producedById, name: producedByName },
  }
}

/** The evidence of a version, oldest first; without `withdrawn` only what stands. */
export async function selectEvidence(db: Reader, versionId: string, withdrawn = false): Promise<EvidenceRow[]> {
  const query = evidenceQuery(db).where('e.version_id', '=', versionId)
  const rows = await (withdrawn ? query : query.where('e.withdrawn_at', 'is', null))
    .orderBy('e.id')
    .limit(rowsMax)
    .execute()
  return rows.map(toRow)
}

export async function selectOneEvidence(db: Reader, id: string): Promise<EvidenceRow | undefined> {
  const row = await evidenceQuery(db).where('e.id', '=', id).executeTakeFirst()
  return row && toRow(row)
}

export async function countStanding(db: Reader, versionId: string): Promise<number> {
  const { n } = await db
    .selectFrom('evidence')
    .select((e) => e.fn.countAll<bigint>().as('n'))
    .where('version_id', '=', versionId)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Nobody adds to or takes from a version's evidence until the transaction ends; `share` when it only counts on it. */
export async function holdVersion(tx: Tx, versionId: string, share: boolean): Promise<void> {
  const query = tx.selectFrom('model_version').select('id').where('id', '=', versionId)
  await (share ? query.forShare() : query.forNoKeyUpdate()).execute()
}

/** False when the version has this very piece already. */
export async function insertEvidence(
  tx: Tx,
  row: {
    id: string
    workspaceId: string
    versionId: string
    kind: EvidenceKind
    digest: string
    content: unknown
    source: EvidenceSource | null
    statementDigest: string
    producedBy: string
    measuredAt: Date
    addedAt: Date
  },
): Promise<boolean> {
  const result = await tx
    .insertInto('evidence')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      version_id: row.versionId,
      kind: row.kind,
      digest: row.digest,
      content: json(row.content),
      source: row.source === null ? null : json(row.source),
      statement_digest: row.statementDigest,
      produced_by: row.producedBy,
      measured_at: row.measuredAt,
      added_at: row.addedAt,
      withdrawn_at: null,
      withdrawn_by: null,
      withdrawn_because: null,
    })
    .onConflict((c) => c.columns(['version_id', 'kind', 'digest']).where('withdrawn_at', 'is', null).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** False when it was withdrawn already. */
export async function endEvidence(
  tx: Tx,
  id: string,
  end: { by: string; because: string; now: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('evidence')
    .set({ withdrawn_at: end.now, withdrawn_by: end.by, withdrawn_because: end.because })
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
