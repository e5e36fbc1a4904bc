import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadIncident } from './load-incident.ts'
import { can, ResolveIncidentInput } from './model.ts'
import { insertEvent, updateIncident } from './queries.ts'

export type ResolvedIncident = { incidentId: string; state: 'resolved'; resolvedAt: Date }

/**
 * Ends an incident, with a reason. When its cause fires again a new one opens.
 * @throws `conflict` when it is resolved already
 */
export async function resolveIncident(ctx: Ctx, input: ResolveIncidentInput): Promise<ResolvedIncident> {
  const { incidentId, reason } = parseInput(ResolveIncidentInput, input)
  return mutate(
    ctx,
    { action: 'incident:resolve', load: (tx) => loadIncident(tx, incidentId) },
    async (tx, incident) => {
      const may = can.resolve(incident)
      if (!may.allowed) throw problem('conflict', `Not resolved: ${may.because}.`, { state: incident.state })
      const now = ctx.clock.now()
      await updateIncident(tx, incidentId, { state: 'resolved', resolved_at: now, resolved_by: ctx.actorId })
      await insertEvent(tx, { incidentId, at: now, kind: 'resolved', text: reason, actorId: ctx.actorId })
      return {
        value: { incidentId, state: 'resolved' as const, resolvedAt: now },
        audit: {
          before: { state: incident.state },
          after: { state: 'resolved' },
          because: reason,
          drill: incident.drill ?? undefined,
        },
      }
    },
  )
}
