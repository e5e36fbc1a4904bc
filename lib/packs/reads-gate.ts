import { z } from 'zod'
import { resourceUri, verifierId } from '#lib/attestations/make-statement.ts'
import { findPublicDecision } from '#lib/attestations/reads-public.ts'
import { authorizeRead } from '#lib/access/authorize.ts'
import { findClearance } from '#lib/approvals/reads-clearance.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { selectGated } from './queries.ts'

export const GateInput = z
  .strictObject({
    model: z.string().min(1).max(100),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, { error: 'must be sha256: and 64 lower-case hexadecimal digits' })
      .optional(),
    version: z.string().min(1).max(64).optional(),
    environment: z.string().min(1).max(100),
  })
  .refine((g) => g.digest !== undefined || g.version !== undefined, {
    error: 'name the digest or the version, or both',
    path: ['digest'],
  })
export type GateInput = z.input<typeof GateInput>

/** The answer to a pipeline that asks whether it may go on. */
export type GateAnswer = {
  allowed: boolean
  /** One sentence a reason; why, also when it is allowed. */
  because: string[]
  subject: { model: string; version: string; versionId: string; digest: string; environment: string } | null
  approvalId: string | null
  expiresAt: Date | null
  /** What a verifier of the attestation asks for. */
  resourceUri: string | null
  verifierId: string
  /** The signed decision; null when there is none, or while it waits for its signature (`pending`). */
  attestation: { digest: string; envelope: unknown } | null
  pending: boolean
}

/**
 * May this version serve there now, as a pipeline asks: the same question that a rollout asks at each step, answered with
 * the signed decision. What does not exist is a refusal, not an error: a model nobody knows is approved nowhere.
 */
export async function askGate(ctx: Ctx, input: GateInput): Promise<GateAnswer> {
  const asked = parseInput(GateInput, input)
  await authorizeRead(ctx, 'approval:read')
  const found = await selectGated(ctx.db, { ...asked, workspaceId: ctx.workspaceId })
  const nothing = {
    subject: null,
    approvalId: null,
    expiresAt: null,
    resourceUri: null,
    verifierId: verifierId(ctx.config.origin, ctx.workspaceId),
    attestation: null,
    pending: false,
  }
  if (!found.environmentId) return refused(nothing, `There is no environment named ${asked.environment}.`)
  const [version, ...more] = found.versions
  if (!version) return refused(nothing, `No version of ${asked.model} is ${asked.digest ?? asked.version} here.`)
  if (more.length > 0) throw problem('invalid', 'Several versions have this digest: name the version too.')
  const resource = { kind: 'version', id: version.id, workspaceId: ctx.workspaceId, labels: version.labels }
  await authorizeRead(ctx, 'approval:read', { ...resource, environment: asked.environment })
  const place = { versionId: version.id, environmentId: found.environmentId, digest: version.digest }
  const clearance = await findClearance(ctx.db, place, ctx.clock.now())
  const answer = {
    ...nothing,
    subject: {
      model: asked.model,
      version: version.version,
      versionId: version.id,
      digest: version.digest,
      environment: asked.environment,
    },
    approvalId: clearance.approvalId,
    resourceUri: resourceUri({ model: asked.model, version: version.version }, asked.environment),
  }
  if (clearance.kind !== 'valid') return refused(answer, `Not approved: ${clearance.because}.`)
  if (clearance.approvalId === null)
    return refused(answer, 'Only break-glass lets it serve, which no pipeline may lean on.')
  const decision = await findPublicDecision(ctx, clearance.approvalId)
  const envelope = decision?.decision?.envelope ?? null
  return {
    ...answer,
    allowed: true,
    because: [`Approved: ${clearance.because.replace(/\.$/, '')}.`],
    expiresAt: clearance.expiresAt,
    attestation: decision && envelope !== null ? { digest: decision.digest, envelope } : null,
    pending: envelope === null,
  }
}

function refused(answer: Omit<GateAnswer, 'allowed' | 'because'>, because: string): GateAnswer {
  return { ...answer, allowed: false, because: [because] }
}
