import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadIncident } from './load-incident.ts'
import { AddNoteInput } from './model.ts'
import { insertEvent } from './queries.ts'

/** Adds a person's note to the timeline, also after the incident was resolved: what was learnt later belongs there too. */
export async function addNote(ctx: Ctx, input: AddNoteInput): Promise<{ incidentId: string; at: Date }> {
  const { incidentId, text } = parseInput(AddNoteInput, input)
  return mutate(ctx, { action: 'incident:note', load: (tx) => loadIncident(tx, incidentId) }, async (tx, incident) => {
    const at = ctx.clock.now()
    await insertEvent(tx, { incidentId, at, kind: 'note', text, actorId: ctx.actorId })
    return {
      value: { incidentId, at },
      audit: { after: { state: incident.state, note: text }, because: 'A note was added.' },
    }
  })
}
