import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { bundleOf } from './bundle.ts'
import { parseEnvelope } from './dsse.ts'
import type { AttestationView, KeyView } from './model.ts'
import { selectAbout as selectRows, selectAttestation, type AttestationRow } from './queries.ts'
import { selectKeys } from './queries-keys.ts'

/** What was attested about things of a workspace, oldest first: for reads that have authorised the things themselves. */
export const selectAbout = selectRows

/** What was attested about one thing of the workspace (a version or an approval), oldest first. */
export async function listAttestations(ctx: Ctx, input: { subjectId: string }): Promise<AttestationView[]> {
  await authorizeRead(ctx, 'attestation:read')
  const rows = await selectRows(ctx.db, { workspaceId: ctx.workspaceId, subjectIds: [input.subjectId] })
  const keys = await selectKeys(ctx.db)
  return rows.map((row) => toView(row, keys.find((k) => k.id === row.keyId)?.keyid ?? null))
}

/** One attestation with its envelope, or as a Sigstore bundle. @throws `not-found`, `conflict` while it is not signed */
export async function readAttestation(
  ctx: Ctx,
  id: string,
): Promise<AttestationView & { bundle: ReturnType<typeof bundleOf> | null }> {
  await authorizeRead(ctx, 'attestation:read')
  const row = await selectAttestation(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such attestation in this workspace.')
  const keys = await selectKeys(ctx.db)
  const view = toView(row, keys.find((k) => k.id === row.keyId)?.keyid ?? null)
  return { ...view, bundle: view.envelope === null ? null : bundleOf(parseEnvelope(view.envelope).envelope) }
}

/** The signing keys of the installation, oldest first. */
export async function listAttestationKeys(ctx: Ctx): Promise<KeyView[]> {
  await authorizeRead(ctx, 'attestation:read')
  return (await selectKeys(ctx.db)).map(({ id, demo, keyid, publicKey, validFrom, validUntil }) => ({
    id,
    demo,
    keyid,
    publicKey,
    validFrom,
    validUntil,
  }))
}

function toView(row: AttestationRow, keyid: string | null): AttestationView {
  return {
    id: row.id,
    kind: row.kind,
    subject: { kind: row.subjectKind, id: row.subjectId },
    digest: row.digest,
    demo: row.demo,
    recordedAt: row.recordedAt,
    signedAt: row.signedAt,
    keyid,
    envelopeDigest: row.envelopeDigest,
    envelope: row.envelope === null ? null : (JSON.parse(row.envelope) as unknown),
  }
}
