import { z } from 'zod'

/** Of what a pack is made. */
export const packKinds = ['version', 'approval', 'rollout', 'incident'] as const
export type PackKind = (typeof packKinds)[number]

export const ExportPackInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('version'), id: z.string().startsWith('mv_').max(40) }),
  z.strictObject({ kind: z.literal('approval'), id: z.string().startsWith('ap_').max(40) }),
  z.strictObject({ kind: z.literal('rollout'), id: z.string().startsWith('ro_').max(40) }),
  z.strictObject({ kind: z.literal('incident'), id: z.string().startsWith('in_').max(40) }),
])
export type ExportPackInput = z.input<typeof ExportPackInput>

/** What a pack says in words: a heading and its facts, in order. */
export type PackSection = { heading: string; facts: readonly (readonly [label: string, value: string])[] }

export type PackFacts = {
  kind: PackKind
  id: string
  title: string
  sections: readonly PackSection[]
  /** The same as data, for programs. */
  data: unknown
  /** Everything that it is about: whose attestations and audit entries belong to it. */
  ids: readonly string[]
}

/** An audit entry with what shows that it is in the log. */
export type PackEntry = {
  id: string
  time: Date
  action: string
  outcome: string
  /** Who it was, for the page; the proof holds without it. */
  actor: string
  because: string
  leaf: string
  proof: string
  /** The content's exact text and its salt (base64); null where it was erased. */
  content: string | null
  salt: string
}

export type PackAttestation = {
  id: string
  kind: 'vote' | 'decision' | 'evidence'
  digest: string
  demo: boolean
  recordedAt: Date
  /** Null while it is not signed. */
  envelope: string | null
  statement: unknown
}
