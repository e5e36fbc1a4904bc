import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { AcknowledgeFindingInput, can } from './model.ts'
import { lockFinding, markAcknowledged } from './queries-findings.ts'

/** Says that somebody looks after a finding. It goes on being updated until it resolves by itself. */
export async function acknowledgeFinding(
  ctx: Ctx,
  input: AcknowledgeFindingInput,
): Promise<{ id: string; state: 'acknowledged' }> {
  const { findingId, reason } = parseInput(AcknowledgeFindingInput, input)
  return mutate(
    ctx,
    {
      action: 'finding:acknowledge',
      load: async (tx) => {
        const finding = await lockFinding(tx, findingId)
        if (!finding) return undefined
        const { id, workspaceId, environment, labels, feature } = finding
        return { subject: finding, resource: { kind: 'finding', id, workspaceId, environment, labels }, name: feature }
      },
    },
    async (tx, finding) => {
      const may = can.acknowledge(finding)
      if (!may.allowed)
        throw problem('conflict', `This cannot be acknowledged: ${may.because}.`, { state: finding.state })
      const now = ctx.clock.now()
      await markAcknowledged(tx, finding.id, ctx.actorId, now)
      return {
        value: { id: finding.id, state: 'acknowledged' as const },
        audit: {
          before: { state: finding.state },
          after: { state: 'acknowledged', feature: finding.feature, level: finding.level },
          because: reason,
          drill: finding.drill ?? undefined,
        },
      }
    },
  )
}
