import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadIncident } from './load-incident.ts'
import { AcknowledgeIncidentInput, can, type IncidentState } from './model.ts'
import { insertEvent, updateIncident } from './queries.ts'

export type AcknowledgedIncident = { incidentId: string; state: IncidentState; acknowledgedAt: Date }

/**
 * Says that somebody is on it. An incident whose harm is over stays `mitigated`.
 * @throws `conflict` when it is acknowledged already, or resolved
 */
export async function acknowledgeIncident(ctx: Ctx, input: AcknowledgeIncidentInput): Promise<AcknowledgedIncident> {
  const { incidentId } = parseInput(AcknowledgeIncidentInput, input)
  return mutate(
    ctx,
    { action: 'incident:acknowledge', load: (tx) => loadIncident(tx, incidentId) },
    async (tx, incident) => {
      const may = can.acknowledge(incident)
      if (!may.allowed) throw problem('conflict', `Not acknowledged: ${may.because}.`, { state: incident.state })
      const now = ctx.clock.now()
      const state = incident.state === 'mitigated' ? ('mitigated' as const) : ('acknowledged' as const)
      await updateIncident(tx, incidentId, { state, acknowledged_at: now, acknowledged_by: ctx.actorId })
      const text = `${ctx.actor.name} is on it.`
      await insertEvent(tx, { incidentId, at: now, kind: 'acknowledged', text, actorId: ctx.actorId })
      const audit = {
        before: { state: incident.state },
        after: { state },
        because: text,
        drill: incident.drill ?? undefined,
      }
      return { value: { incidentId, state, acknowledgedAt: now }, audit }
    },
  )
}
