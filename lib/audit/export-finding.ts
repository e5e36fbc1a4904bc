/** What can be wrong with an exported log. */
export type FindingKind =
  | 'key-invalid'
  | 'key-differs'
  | 'origin-differs'
  | 'readme-differs'
  | 'checkpoint-invalid'
  | 'root-mismatch'
  | 'shrunk'
  | 'inconsistent-with-previous'
  | 'missing-file'
  | 'extra-file'
  | 'unreadable-file'
  | 'wrong-length'
  | 'tile-mismatch'
  | 'bundle-malformed'
  | 'entry-mismatch'
  | 'leaf-malformed'
  | 'counter-repeated'
  | 'content-malformed'
  | 'content-mismatch'
  | 'content-missing'

/**
 * One fault. `where` is the file, relative to the folder; `index` the leaf (when it is about one), `id` the audit entry.
 */
export type Finding = {
  readonly kind: FindingKind
  readonly where: string
  readonly message: string
  readonly index?: number
  readonly id?: string
}

/** Enough to see the pattern; a wholly foreign folder must not fill the memory with findings. */
const FINDINGS_MAX = 1_000

/** Collects findings up to a bound, and counts the rest. */
export type Findings = {
  add(finding: Finding): void
  readonly list: readonly Finding[]
  omitted(): number
}

export function collectFindings(): Findings {
  const list: Finding[] = []
  let omitted = 0
  return {
    list,
    omitted: () => omitted,
    add: (finding) => {
      if (list.length < FINDINGS_MAX) list.push(finding)
      else omitted++
    },
  }
}
