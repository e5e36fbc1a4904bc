import { z } from 'zod'

export const UseBreakGlassInput = z.strictObject({
  versionId: z.string().startsWith('mv_'),
  environmentId: z.string().startsWith('en_'),
  /** The incident that it is for; where the policy asks for one, an open incident of this workspace. */
  incidentId: z.string().startsWith('in_').optional(),
  reason: z.string().trim().min(10).max(2000),
})
export type UseBreakGlassInput = z.input<typeof UseBreakGlassInput>

export const ReviewBreakGlassInput = z.strictObject({
  breakGlassId: z.string().startsWith('bg_'),
  /** An objection ends at once what it lets serve; what serves already is for people or a policy to take back. */
  verdict: z.enum(['accepted', 'objected']),
  reason: z.string().trim().min(3).max(2000),
})
export type ReviewBreakGlassInput = z.input<typeof ReviewBreakGlassInput>

export type BreakGlassView = {
  id: string
  version: { id: string; modelName: string; version: string; digest: string }
  environment: { id: string; name: string }
  policy: { name: string; digest: string }
  incidentId: string | null
  reason: string
  usedBy: { id: string; name: string }
  at: Date
  expiresAt: Date
  /** In force now: it has not run out and nobody objected. */
  live: boolean
  reviewDueAt: Date
  /** Nobody has reviewed it and the time for that is over. */
  overdue: boolean
  review: { by: { id: string; name: string }; at: Date; verdict: 'accepted' | 'objected'; reason: string } | null
}
