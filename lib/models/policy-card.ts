import { parse } from 'yaml'
import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { risks } from './model.ts'

const Requirement = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
    title: z.string().min(1).max(100),
    /** Front matter keys, dots between levels. One that says something is enough. */
    fields: z.array(z.string().min(1).max(200)).max(20).default([]),
    /** Headings, compared without case, numbering and punctuation. One with text below it is enough. */
    sections: z.array(z.string().min(1).max(200)).max(40).default([]),
    /** How much text a section must have; what the template asks to fill in counts as none. */
    charactersMin: z.number().int().min(1).max(10_000).default(1),
    /** The risks of models of which it is asked; of all when left out. */
    risks: z
      .array(z.enum(risks))
      .min(1)
      .default([...risks]),
  })
  .refine((r) => r.fields.length + r.sections.length > 0, { error: 'must name a field or a section' })

const CardPolicy = z.strictObject({
  apiVersion: z.literal('quarterdeck/v1'),
  kind: z.literal('CardPolicy'),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  require: z.array(Requirement).max(100),
})
export type CardRequirement = z.output<typeof Requirement>
export type CardPolicy = z.output<typeof CardPolicy>
export type LoadedCardPolicy = { policy: CardPolicy; digest: string }

/** Parses a file of policies/cards. @throws `invalid` with every wrong field's path */
export function parseCardPolicy(text: string, file: string): LoadedCardPolicy {
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 20 })
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : 'unreadable'
    throw problem('invalid', `${file}: not YAML: ${because}`, { file }, { cause })
  }
  const parsed = CardPolicy.safeParse(document)
  if (parsed.success) return { policy: parsed.data, digest: policyDigest(parsed.data) }
  const errors = parsed.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message }))
  throw problem('invalid', `${file}: ${errors.map((e) => `${e.path || 'document'}: ${e.message}`).join('; ')}`, {
    file,
    errors,
  })
}
