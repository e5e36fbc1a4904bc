import type { Reader } from '#lib/platform/db/schema.ts'
import { proveInclusion } from './merkle-proof.ts'
import { encodeProof } from './proof-format.ts'
import { selectHead } from './queries.ts'
import { tileHashReader } from './right-edge.ts'
import { readTileBytes } from './tile-store.ts'

/**
 * Inclusion proofs of leaves in the newest signed head, by index, as C2SP tlog-proofs. What the head does not cover yet has
 * none. Leaves of any workspace: a proof tells nothing but that there is a leaf. `checkpoint` is null for an empty log.
 */
export async function proofsAt(
  db: Reader,
  indexes: readonly number[],
): Promise<{ checkpoint: string | null; proofs: ReadonlyMap<number, string> }> {
  const head = await selectHead(db)
  if (!head) return { checkpoint: null, proofs: new Map() }
  const read = tileHashReader(head.size, (tile) => readTileBytes(db, tile))
  const proofs = new Map<number, string>()
  for (const index of indexes.filter((i) => i < head.size)) {
    const hashes = await proveInclusion(index, head.size, read)
    proofs.set(index, encodeProof({ index, hashes, checkpoint: head.note }))
  }
  return { checkpoint: head.note, proofs }
}
