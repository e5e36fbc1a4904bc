import { createHash } from 'node:crypto'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { ModelView } from './model.ts'

export type CardRow = {
  id: string | null
  workspaceId: string
  versionId: string
  versionDigest: string
  revision: number
  text: string
  digest: string
  because: string
  createdAt: Date
  createdById: string
  createdByName: string
  labels: string[]
  risk: ModelView['risk']
}

/** `sha256:` and the hex SHA-256 of the card's bytes: what `sha256sum` says of the exported file. */
export function cardDigest(text: string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

function edits(db: Reader) {
  return db
    .selectFrom('model_card as c')
    .innerJoin('model_version as v', 'v.id', 'c.version_id')
    .innerJoin('model as m', 'm.id', 'v.model_id')
    .innerJoin('identity as i', 'i.id', 'c.created_by')
    .select([
      'c.id as id',
      'c.workspace_id as workspaceId',
      'c.version_id as versionId',
      'c.version_digest as versionDigest',
      'c.revision as revision',
      'c.text as text',
      'c.digest as digest',
      'c.because as because',
      'c.created_at as createdAt',
      'c.created_by as createdById',
      'i.name as createdByName',
      'm.labels as labels',
      'm.risk as risk',
    ])
}

/** A card of a version: that revision, or the newest. Undefined when there is no such version or revision. */
export async function selectCard(db: Reader, versionId: string, revision?: number): Promise<CardRow | undefined> {
  if (revision !== 0) {
    let query = edits(db).where('c.version_id', '=', versionId)
    if (revision !== undefined) query = query.where('c.revision', '=', revision)
    const row = await query.orderBy('c.revision', 'desc').limit(1).executeTakeFirst()
    if (row || revision !== undefined) return row
  }
  return selectRegistered(db, versionId)
}

async function selectRegistered(db: Reader, versionId: string): Promise<CardRow | undefined> {
  const row = await db
    .selectFrom('model_version as v')
    .innerJoin('model as m', 'm.id', 'v.model_id')
    .innerJoin('identity as i', 'i.id', 'v.created_by')
    .select([
      'v.workspace_id as workspaceId',
      'v.id as versionId',
      'v.digest as versionDigest',
      'v.card as text',
      'v.created_at as createdAt',
      'v.created_by as createdById',
      'i.name as createdByName',
      'm.labels as labels',
      'm.risk as risk',
    ])
    .where('v.id', '=', versionId)
    .executeTakeFirst()
  if (!row) return undefined
  return { ...row, id: null, revision: 0, digest: cardDigest(row.text), because: 'Registered with the version.' }
}

/** Locks the version, so that its card is edited by one at a time; what it is locked for is its newest card. */
export async function lockCard(tx: Tx, versionId: string): Promise<CardRow | undefined> {
  await tx.selectFrom('model_version').select('id').where('id', '=', versionId).forUpdate().execute()
  return selectCard(tx, versionId)
}

export async function selectCardRevisions(
  db: Reader,
  versionId: string,
  page: { before: string | undefined; limit: number },
): Promise<Omit<CardRow, 'text'>[]> {
  let query = edits(db).clearSelect().where('c.version_id', '=', versionId)
  if (page.before) query = query.where('c.id', '<', page.before)
  return query
    .select([
      'c.id as id',
      'c.workspace_id as workspaceId',
      'c.version_id as versionId',
      'c.version_digest as versionDigest',
      'c.revision as revision',
      'c.digest as digest',
      'c.because as because',
      'c.created_at as createdAt',
      'c.created_by as createdById',
      'i.name as createdByName',
      'm.labels as labels',
      'm.risk as risk',
    ])
    .orderBy('c.id', 'desc')
    .limit(page.limit)
    .execute()
}

export async function insertCard(
  tx: Tx,
  row: Pick<CardRow, 'workspaceId' | 'versionId' | 'versionDigest' | 'revision' | 'text' | 'digest' | 'because'> & {
    id: string
    createdAt: Date
    createdBy: string
  },
): Promise<void> {
  await tx
    .insertInto('model_card')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      version_id: row.versionId,
      revision: row.revision,
      version_digest: row.versionDigest,
      text: row.text,
      digest: row.digest,
      because: row.because,
      created_at: row.createdAt,
      created_by: row.createdBy,
    })
    .execute()
}
