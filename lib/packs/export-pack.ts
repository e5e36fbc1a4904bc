import { zipSync } from 'fflate'
import { selectAbout } from '#lib/attestations/reads.ts'
import { readTrust } from '#lib/attestations/reads-public.ts'
import { readContent } from '#lib/audit/content.ts'
import { proofsAt } from '#lib/audit/reads-proofs.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { ExportPackInput, type PackAttestation, type PackEntry, type PackFacts } from './model.ts'
import { hexOf, packFiles } from './pack-files.ts'
import { selectEntriesAbout } from './queries.ts'
import { readPackFacts } from './reads.ts'

const entriesMax = 2_000

export type ExportedPack = { name: string; sha256: string; zip: Uint8Array }

/**
 * Makes the evidence pack of a version, an approval, a rollout or an incident: what the caller may read of it, everything
 * that was attested about it, and its audit entries with proofs. That it was made is an audit entry with its digest.
 * @throws `not-found`, `forbidden`
 */
export async function exportPack(ctx: Ctx, input: ExportPackInput): Promise<ExportedPack> {
  const about = parseInput(ExportPackInput, input)
  const facts = await readPackFacts(ctx, about)
  const madeAt = ctx.clock.now()
  const attestations = await attestationsOf(ctx, facts)
  const { entries, checkpoint } = await entriesOf(ctx, [...facts.ids, ...attestations.map((a) => a.id)])
  const trust = await readTrust(ctx)
  const files = packFiles({ facts, attestations, entries, checkpoint, trust, origin: ctx.config.origin, madeAt })
  // Stored, not deflated: the same files give the same bytes with whatever library, and text of this size is small.
  const zip = zipSync({ ...files }, { level: 0, mtime: madeAt })
  const sha256 = hexOf(zip)
  const resource = { kind: about.kind, id: about.id, workspaceId: ctx.workspaceId }
  await mutate(
    ctx,
    { action: 'pack:export', load: () => Promise.resolve({ subject: facts, resource, name: facts.title }) },
    () => {
      const after = {
        sha256,
        bytes: zip.length,
        attestations: attestations.length,
        entries: entries.length,
      }
      return Promise.resolve({ value: undefined, audit: { after, because: 'An evidence pack was made.' } })
    },
  )
  return { name: `evidence-${about.id}.zip`, sha256, zip }
}

async function attestationsOf(ctx: Ctx, facts: PackFacts): Promise<PackAttestation[]> {
  const rows = await selectAbout(ctx.db, { workspaceId: ctx.workspaceId, subjectIds: facts.ids })
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    digest: row.digest,
    demo: row.demo,
    recordedAt: row.recordedAt,
    envelope: row.envelope,
    statement: JSON.parse(row.statement) as unknown,
  }))
}

async function entriesOf(ctx: Ctx, ids: readonly string[]) {
  const rows = await selectEntriesAbout(ctx.db, { workspaceId: ctx.workspaceId, ids, limit: entriesMax })
  const { checkpoint, proofs } = await proofsAt(
    ctx.db,
    rows.map((r) => Number(r.index)),
  )
  const entries = rows.flatMap((row): PackEntry[] => {
    const proof = proofs.get(Number(row.index))
    if (proof === undefined) return []
    const content = readContent(row.content, row.person)
    return [
      {
        id: row.id,
        time: row.time,
        action: row.kind,
        outcome: row.outcome,
        actor: content?.actor.name ?? 'erased',
        because: content?.because ?? 'erased',
        leaf: row.leaf.toString('utf8'),
        proof,
        content: row.content,
        salt: row.salt,
      },
    ]
  })
  return { entries, checkpoint }
}
