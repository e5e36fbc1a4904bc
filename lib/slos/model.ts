import { z } from 'zod'
import type { SloDecision, SloState, Severity } from './decide.ts'
import type { Alert, Objective } from './policy.ts'

const slug = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and dashes' })

export const CreateSloInput = z.strictObject({
  endpointId: z.string().startsWith('ep_'),
  /** A policy of policies/slos, and one of its objectives, by name. */
  policy: slug.default('default'),
  objective: slug,
})
export type CreateSloInput = z.input<typeof CreateSloInput>

export const ReadBurnDownInput = z.strictObject({
  sloId: z.string().startsWith('sl_'),
  steps: z.number().int().min(1).max(360).default(60),
})
export type ReadBurnDownInput = z.input<typeof ReadBurnDownInput>

/** What an objective was made under, kept with it: a later edit of the file does not change what was promised. */
export type KeptPolicy = {
  name: string
  objective: Objective
  alerts: Alert[]
  minimumEvents: number
  evaluateEvery: number
}

/** What the newest evaluation found; `evaluatedTo` is the end of the windows (RFC 3339). */
export type SloStatus = SloDecision & { evaluatedTo: string }

export type SloView = {
  id: string
  name: string
  endpoint: { id: string; name: string }
  modelName: string
  environment: string
  kind: 'availability' | 'latency'
  target: number
  thresholdMs: number | null
  windowSeconds: number
  policy: { name: string; digest: string }
  state: SloState
  /** Of what burns: page or ticket. */
  severity: Severity | null
  because: string
  /** Null until the first evaluation. */
  status: SloStatus | null
  evaluatedAt: Date | null
  createdAt: Date
}

/** One point of the burn-down: `left` counts what was spent since the window began, of the whole window's budget. */
export type BurnDownPoint = { at: Date; good: number; total: number; left: number | null }
