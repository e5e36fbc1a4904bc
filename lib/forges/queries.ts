import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { ForgeKind } from './model.ts'

export type ForgeRow = {
  id: string
  workspaceId: string
  name: string
  kind: ForgeKind
  repository: string
  sealedHookSecret: string | null
  createdAt: Date
  disabledAt: Date | null
}

const columns = [
  'id',
  'workspace_id as workspaceId',
  'name',
  'kind',
  'repository',
  'sealed_hook_secret as sealedHookSecret',
  'created_at as createdAt',
  'disabled_at as disabledAt',
] as const

export function selectForge(db: Reader, id: string): Promise<ForgeRow | undefined> {
  return db.selectFrom('forge').select(columns).where('id', '=', id).executeTakeFirst()
}

export function lockForge(tx: Tx, id: string): Promise<ForgeRow | undefined> {
  return tx.selectFrom('forge').select(columns).where('id', '=', id).forUpdate().executeTakeFirst()
}

/** Newest first, each with how many pieces of evidence came of it. */
export async function selectForges(
  db: Reader,
  of: { workspaceId: string; before: string | undefined; limit: number },
): Promise<(ForgeRow & { recorded: number })[]> {
  const rows = await db
    .selectFrom('forge')
    .select(columns)
    .select((e) =>
      e
        .selectFrom('forge_delivery as d')
        .select((c) => c.fn.countAll<bigint>().as('n'))
        .whereRef('d.forge_id', '=', 'forge.id')
        .as('recorded'),
    )
    .where('workspace_id', '=', of.workspaceId)
    .$if(of.before !== undefined, (q) => q.where('id', '<', of.before ?? ''))
    .orderBy('id', 'desc')
    .limit(of.limit)
    .execute()
  return rows.map((row) => ({ ...row, recorded: Number(row.recorded ?? 0n) }))
}

/** False when the workspace has a connection of that name. */
export async function insertForge(
  tx: Tx,
  f: {
    id: string
    workspaceId: string
    name: string
    kind: ForgeKind
    repository: string
    sealedHookSecret: string
    createdBy: string
    now: Date
  },
): Promise<boolean> {
  const result = await tx
    .insertInto('forge')
    .values({
      id: f.id,
      workspace_id: f.workspaceId,
      name: f.name,
      kind: f.kind,
      repository: f.repository,
      sealed_hook_secret: f.sealedHookSecret,
      created_at: f.now,
      created_by: f.createdBy,
      disabled_at: null,
      disabled_by: null,
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Forgets the secret too: nothing that is signed by it counts any more. */
export async function disableForgeRow(tx: Tx, id: string, by: { actorId: string; now: Date }): Promise<void> {
  await tx
    .updateTable('forge')
    .set({ disabled_at: by.now, disabled_by: by.actorId, sealed_hook_secret: null })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .execute()
}

export type DeliveryKey = { forgeId: string; bodyDigest: string; deliveryId: string; versionId: string }

/** Whether this delivery, by its body or by its id, was evidence of the version before. */
export async function wasDelivered(db: Reader, d: DeliveryKey): Promise<boolean> {
  const row = await db
    .selectFrom('forge_delivery')
    .select('forge_id')
    .where('forge_id', '=', d.forgeId)
    .where('version_id', '=', d.versionId)
    .where((w) => w.or([w('body_digest', '=', d.bodyDigest), w('delivery_id', '=', d.deliveryId)]))
    .executeTakeFirst()
  return row !== undefined
}

/** False when it was there already. */
export async function insertDelivery(tx: Tx, d: DeliveryKey & { evidenceId: string; now: Date }): Promise<boolean> {
  const result = await tx
    .insertInto('forge_delivery')
    .values({
      forge_id: d.forgeId,
      body_digest: d.bodyDigest,
      version_id: d.versionId,
      delivery_id: d.deliveryId,
      evidence_id: d.evidenceId,
      received_at: d.now,
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}
