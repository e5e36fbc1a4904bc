'use server'
import { acknowledgeIncident } from '#lib/incidents/acknowledge-incident.ts'
import { addNote } from '#lib/incidents/add-note.ts'
import { resolveIncident } from '#lib/incidents/resolve-incident.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

export async function acknowledge(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await acknowledgeIncident(ctx, { incidentId: field(form, 'incidentId') })
    return 'Acknowledged: it bears your name now.'
  })
}

export async function resolve(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await resolveIncident(ctx, { incidentId: field(form, 'incidentId'), reason: field(form, 'reason') })
    return 'Resolved. The same trouble opens a new incident if it comes again.'
  })
}

export async function note(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await addNote(ctx, { incidentId: field(form, 'incidentId'), text: field(form, 'text') })
    return 'The note stands in the timeline.'
  })
}
