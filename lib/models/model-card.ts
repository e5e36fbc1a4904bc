import { z } from 'zod'
import type { CardCheck } from './card-completeness.ts'
import type { FieldChange, LineChange } from './card-diff.ts'
import { cardBytesMax, type CardFrontMatter } from './card-format.ts'
import { digest } from './model.ts'

export const EditCardInput = z.strictObject({
  versionId: z.string().startsWith('mv_'),
  /** The whole card as it stands in its file: what is exported later is this, byte for byte. */
  text: z
    .string()
    .min(1)
    .max(cardBytesMax, { error: `must have at most ${cardBytesMax} bytes` }),
  /** The digest of the card that the writer has read; a newer one refuses the edit. */
  expectedDigest: digest,
  reason: z.string().trim().min(3).max(2000),
})
export type EditCardInput = z.input<typeof EditCardInput>

/** One card of a version: revision 0 came with the version, each edit is the next. */
export type CardRef = { versionId: string; revision: number; digest: string }

export type CardView = CardRef & {
  /** Of the artefact that it describes. */
  versionDigest: string
  text: string
  /** Null when its front matter cannot be read; `checks` then has one line that says why. */
  frontMatter: CardFrontMatter | null
  /** The Markdown below the front matter. */
  body: string
  complete: boolean
  /** The titles of what is missing. */
  missing: string[]
  checks: CardCheck[]
  policy: { name: string; digest: string }
  because: string
  createdAt: Date
  createdBy: { id: string; name: string }
}

export type CardRevisionView = CardRef & {
  id: string | null
  because: string
  createdAt: Date
  createdBy: { id: string; name: string }
}

export type CardDiffView = { before: CardRef; after: CardRef; fields: FieldChange[]; lines: LineChange[] }
