import { z } from 'zod'
import { slug } from '#lib/members/model.ts'

export const forgeKinds = ['github', 'gitlab'] as const
export type ForgeKind = (typeof forgeKinds)[number]

export const ConnectForgeInput = z.strictObject({
  name: slug,
  kind: z.enum(forgeKinds),
  /** As the forge writes it: `acme/fraud`, of GitLab with all its groups. Deliveries of another one are refused. */
  repository: z
    .string()
    .max(255)
    .regex(/^[\w.-]+(?:\/[\w.-]+){1,20}$/, { error: 'must be like acme/fraud' }),
  /** A secret that the forge has made; left out: one is made here. */
  secret: z
    .string()
    .regex(/^[\x21-\x7e]{32,200}$/, { error: 'must have 32 to 200 printable characters without spaces' })
    // The key is what is decoded; of text that is no base64 nothing is left, and an empty key is anybody's.
    .refine((text) => !text.startsWith('whsec_') || Buffer.from(text.slice(6), 'base64').length >= 24, {
      error: 'must be the base64 of 24 bytes or more after whsec_',
    })
    .optional(),
})
export type ConnectForgeInput = z.input<typeof ConnectForgeInput>

export const DisableForgeInput = z.strictObject({
  forgeId: z.string().startsWith('fg_').max(64),
  reason: z.string().trim().min(3).max(1_000),
})
export type DisableForgeInput = z.input<typeof DisableForgeInput>

export type ForgeView = {
  id: string
  name: string
  kind: ForgeKind
  repository: string
  createdAt: Date
  disabledAt: Date | null
  /** How many pieces of evidence came of it. */
  recorded: number
}

/** What a connection's state allows. */
export const can = {
  disable: (forge: { disabledAt: Date | null }) =>
    forge.disabledAt === null
      ? { allowed: true as const }
      : { allowed: false as const, because: 'it was disabled before' },
}
