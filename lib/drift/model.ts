import { z } from 'zod'
import type { FoldMonitor } from './fold.ts'
import type { DriftPolicy } from './policy.ts'
import { Profile } from './profile.ts'

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,62}$/, { error: 'must be 2 to 63 lower-case letters, digits and dashes' })
const featureName = z.string().min(1).max(256)

export const CreateProfileInput = z.strictObject({
  versionId: z.string().startsWith('mv_'),
  /** Where the reference rows come from, in words: the data set and the span of time. */
  source: z.string().trim().min(1).max(500),
  profile: Profile,
  /** What the sender believes the digest to be; `sha256:` and 64 hexadecimal digits. */
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, { error: 'must be sha256: and 64 lower-case hexadecimal digits' })
    .optional(),
})
export type CreateProfileInput = z.input<typeof CreateProfileInput>

export const CreateMonitorInput = z.strictObject({
  endpointId: z.string().startsWith('ep_'),
  profileId: z.string().startsWith('pf_'),
  name,
  /** The length of a window of event time; windows begin at multiples of it since 1970 (UTC). 86,400 for days. */
  windowSeconds: z
    .number()
    .int()
    .min(60)
    .max(31 * 86_400)
    .optional(),
  /** The name of a policy in policies/drift. */
  policy: z.string().min(1).max(63).default('default'),
  /** Instead of the policy's own: `{k: 1, n: 1}` makes a finding of a single window, for drift that lasts a day. */
  persistence: z
    .strictObject({ k: z.number().int().min(1).max(50), n: z.number().int().min(1).max(50) })
    .refine((p) => p.k <= p.n, { error: 'k must not be above n' })
    .optional(),
  /** Only these features of the profile; all of them when absent. */
  features: z.array(featureName).min(1).max(2000).optional(),
  /**
   * Features whose values come with the label. When absent, those whose name begins with `label:`. They count in the window
   * of the prediction.
   */
  labelFeatures: z.array(featureName).max(2000).optional(),
  /**
   * How far event time must have passed a window's end before it is evaluated. Rows that come later still count, in the
   * pools that are evaluated after them. Default: 5 minutes, and 6 hours where labels bring features.
   */
  latenessSeconds: z
    .number()
    .int()
    .min(0)
    .max(31 * 86_400)
    .optional(),
})
export type CreateMonitorInput = z.input<typeof CreateMonitorInput>

export const AcknowledgeFindingInput = z.strictObject({
  findingId: z.string().startsWith('fi_'),
  reason: z.string().trim().min(1).max(2000),
})
export type AcknowledgeFindingInput = z.input<typeof AcknowledgeFindingInput>

export type FindingState = 'open' | 'acknowledged' | 'resolved'
export type Can = { allowed: true } | { allowed: false; because: string }

const acknowledgeable: Record<FindingState, Can> = {
  open: { allowed: true },
  acknowledged: { allowed: false, because: 'the finding is acknowledged already' },
  resolved: { allowed: false, because: 'the finding is resolved: there is nothing left to acknowledge' },
}

/** Which verbs a finding's state allows, in one table: pages and verbs both ask it. */
export const can = { acknowledge: (finding: { state: FindingState }): Can => acknowledgeable[finding.state] }

/** A stored monitor as the fold takes it. Profile and policy were validated when they were stored. */
export function parseStoredMonitor(
  row: Omit<FoldMonitor, 'profile' | 'policy'> & { profile: unknown; policy: unknown },
): FoldMonitor {
  return { ...row, profile: Profile.parse(row.profile), policy: row.policy as DriftPolicy }
}

export type ProfileView = {
  id: string
  versionId: string
  digest: string
  source: string
  rows: number
  createdAt: Date
}
