import { z } from 'zod'
import { actions, roles } from '#lib/access/actions.ts'
import { ownIssuer } from '#lib/platform/actor.ts'
import { slug } from './model.ts'

const reason = z.string().trim().min(3).max(1000)
const identityId = z.string().startsWith('id_').max(64)
const label = z.string().min(1).max(63)
const page = { limit: z.number().int().min(1).max(200).default(50), cursor: z.string().max(200).optional() }

export const BindGroupInput = z.strictObject({
  issuer: z
    .string()
    .min(1)
    .max(300)
    .refine((v) => v !== ownIssuer, { error: "must not be the installation's own, which has no groups" }),
  group: z.string().min(1).max(300),
  role: z.enum(roles).exclude(['worker']),
  environment: slug.nullable().default(null),
  label: label.nullable().default(null),
})
export type BindGroupInput = z.input<typeof BindGroupInput>

export const UnbindGroupInput = z.strictObject({ bindingId: z.string().startsWith('gb_').max(64), reason })
export type UnbindGroupInput = z.input<typeof UnbindGroupInput>

/** Roles that somebody may let another stand in for. Giving roles away is not one: an absent admin is replaced by an admin. */
export const delegableRoles = ['developer', 'approver', 'validator', 'operator', 'auditor'] as const
export const delegationDaysMax = 30
export const delegationsMax = 20

export const DelegationInput = z.strictObject({
  delegateId: identityId,
  role: z.enum(delegableRoles),
  environment: slug.nullable().default(null),
  label: label.nullable().default(null),
  /** Null: from now on. */
  startsAt: z.coerce.date().nullable().default(null),
  endsAt: z.coerce.date(),
  reason,
})
export type DelegationInput = z.input<typeof DelegationInput>

export const RevokeDelegationInput = z.strictObject({ delegationId: z.string().startsWith('dg_').max(64), reason })
export type RevokeDelegationInput = z.input<typeof RevokeDelegationInput>

/** Identities of one person; more than these are a mistake, or a group of people. */
export const identitiesOfPersonMax = 10

export const LinkIdentitiesInput = z.strictObject({ identityId, otherId: identityId, reason })
export type LinkIdentitiesInput = z.input<typeof LinkIdentitiesInput>

export const UnlinkIdentitiesInput = z.strictObject({ linkId: z.string().startsWith('il_').max(64), reason })
export type UnlinkIdentitiesInput = z.input<typeof UnlinkIdentitiesInput>

export const PageInput = z.strictObject(page)
export type PageInput = z.input<typeof PageInput>

const question = { action: z.enum(actions), environment: slug.optional(), label: label.optional() }

export const WhyInput = z.strictObject({ ...question, identityId: identityId.optional() })
export type WhyInput = z.input<typeof WhyInput>

export const WhoMayInput = z.strictObject({ ...question, ...page })
export type WhoMayInput = z.input<typeof WhoMayInput>

export type DelegationState = 'planned' | 'live' | 'ended' | 'revoked'

/** What a delegation is at `now`. That its delegator still holds the role is another matter. */
export function delegationState(
  d: { startsAt: Date; endsAt: Date; revokedAt: Date | null },
  now: Date,
): DelegationState {
  if (d.revokedAt !== null) return 'revoked'
  if (d.endsAt <= now) return 'ended'
  return d.startsAt > now ? 'planned' : 'live'
}
