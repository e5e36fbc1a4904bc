import type { Trust } from '#lib/attestations/trust.ts'
import type { PackAttestation, PackEntry, PackFacts } from './model.ts'

/** What an evidence pack is made of. */
export type PackInput = {
  facts: PackFacts
  attestations: readonly PackAttestation[]
  entries: readonly PackEntry[]
  /** The signed head that the entries' proofs lead to; null while the log is empty. */
  checkpoint: string | null
  trust: Trust
  origin: string
  madeAt: Date
}
