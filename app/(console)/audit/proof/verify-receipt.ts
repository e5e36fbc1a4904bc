import { leafHash, verifyInclusion } from './merkle.ts'
import { checkSignature, ProofError, readCheckpoint, readProof } from './note.ts'

export type Claim = {
  /** What the page says of the entry, to be found again in the leaf. */
  entry: { id: string; kind: string; digest: string; time: string }
  /** The leaf's bytes as text, and the C2SP tlog-proof with the signed checkpoint in it. */
  receipt: { leaf: string; proof: string }
  vkey: string
}

export type Verdict =
  | {
      kind: 'verified'
      index: number
      size: number
      /** Base64, as the checkpoint has it. */
      root: string
      origin: string
      signature: 'verified' | 'unsupported'
    }
  | { kind: 'failed'; because: string }

/**
 * Recomputes, here and from the receipt alone, that the log signed for this entry: the leaf says what the page says, its
 * hash leads through the proof to the checkpoint's root, and the log's key signed that checkpoint.
 */
export async function verifyReceipt({ entry, receipt, vkey }: Claim): Promise<Verdict> {
  try {
    checkLeaf(receipt.leaf, entry)
    const { index, hashes, note } = readProof(receipt.proof)
    const { origin, size, root } = readCheckpoint(note)
    const leaf = await leafHash(new TextEncoder().encode(receipt.leaf))
    if (!(await verifyInclusion(index, size, leaf, hashes, root)))
      return { kind: 'failed', because: `The proof does not lead from this entry to the root of ${size} entries.` }
    const signature = await checkSignature(note, vkey)
    return { kind: 'verified', index, size, root: btoa(String.fromCharCode(...root)), origin, signature }
  } catch (error) {
    if (error instanceof ProofError) return { kind: 'failed', because: error.message }
    throw error
  }
}

function checkLeaf(text: string, entry: Claim['entry']): void {
  let leaf: unknown
  try {
    leaf = JSON.parse(text)
  } catch {
    throw new ProofError('The leaf cannot be read.')
  }
  const said = leaf as Partial<Record<string, unknown>>
  for (const field of ['id', 'kind', 'digest', 'time'] as const) {
    if (said[field] !== entry[field]) throw new ProofError(`The leaf of the log has another ${field} than this page.`)
  }
}
