import { z } from 'zod'
import { tokenLifetimeSecondsMax } from '#lib/access/token-claims.ts'
import { slug, type Can } from './model.ts'

export const ServiceAccountInput = z.strictObject({
  name: slug,
  /** What it is for: whoever reads the log years later asks. */
  purpose: z.string().trim().min(3).max(500),
})
export type ServiceAccountInput = z.input<typeof ServiceAccountInput>

const accountId = z.string().startsWith('sv_').max(64)

export const DisableServiceAccountInput = z.strictObject({
  accountId,
  reason: z.string().trim().min(3).max(1000),
})
export type DisableServiceAccountInput = z.input<typeof DisableServiceAccountInput>

export const ServiceTokenInput = z.strictObject({
  accountId,
  lifetimeSeconds: z.number().int().min(60).max(tokenLifetimeSecondsMax).default(3600),
})
export type ServiceTokenInput = z.input<typeof ServiceTokenInput>

export type ServiceAccountView = {
  id: string
  name: string
  purpose: string
  identityId: string
  /** What a role is given to: `issuer` and `subject` of the identity. */
  issuer: string
  subject: string
  createdAt: Date
  createdBy: { id: string; name: string }
  disabledAt: Date | null
  /** Tokens that have neither ended nor been revoked. */
  liveTokens: number
}

export type ServiceTokenView = {
  id: string
  createdAt: Date
  expiresAt: Date
  revokedAt: Date | null
  issuedBy: { id: string; name: string } | null
}

/** Which acts an account's state allows: pages and verbs both ask it. */
export const canAccount = {
  issueToken: (account: { disabledAt: Date | null }): Can =>
    account.disabledAt === null ? { allowed: true } : { allowed: false, because: 'it was disabled' },
  disable: (account: { disabledAt: Date | null }): Can =>
    account.disabledAt === null ? { allowed: true } : { allowed: false, because: 'it was disabled already' },
}
