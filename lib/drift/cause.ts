export type CauseKind = 'null-rate' | 'invalid-values' | 'unseen' | 'vanished' | 'scale' | 'saturation'

/** A hint, never a finding: what the counts look like, with the numbers that make it look so. */
export type LikelyCause = { kind: CauseKind; text: string; evidence: Record<string, number | string> }
