import { z } from 'zod'
import type { IncidentKind, IncidentSeverity } from './rules.ts'

export const severities = ['sev1', 'sev2', 'sev3'] as const
const incidentId = z.string().startsWith('in_')
const reason = z.string().trim().min(3).max(2000)

export const OpenIncidentInput = z.strictObject({
  title: z.string().trim().min(3).max(200),
  severity: z.enum(severities),
  endpointId: z.string().startsWith('ep_').optional(),
  reason,
})
export type OpenIncidentInput = z.input<typeof OpenIncidentInput>

export const AddNoteInput = z.strictObject({ incidentId, text: z.string().trim().min(1).max(10_000) })
export type AddNoteInput = z.input<typeof AddNoteInput>

export const AcknowledgeIncidentInput = z.strictObject({ incidentId })
export type AcknowledgeIncidentInput = z.input<typeof AcknowledgeIncidentInput>

export const ResolveIncidentInput = z.strictObject({ incidentId, reason })
export type ResolveIncidentInput = z.input<typeof ResolveIncidentInput>

export const IncidentFiguresInput = z
  .strictObject({ from: z.date(), to: z.date() })
  .refine(({ from, to }) => to > from, { error: 'must be after from', path: ['to'] })
export type IncidentFiguresInput = z.input<typeof IncidentFiguresInput>

/** open → acknowledged → mitigated → resolved; the harm may be over before anybody has acknowledged it. */
export type IncidentState = 'open' | 'acknowledged' | 'mitigated' | 'resolved'

/** opened, fired, mitigated, resolved: by the feed or a person. entry: of the log, about the same endpoint or rollout. */
export type EventKind = 'opened' | 'fired' | 'acknowledged' | 'note' | 'resolved' | 'entry'

export type IncidentView = {
  id: string
  title: string
  kind: IncidentKind
  severity: IncidentSeverity
  state: IncidentState
  because: string
  endpoint: { id: string; name: string } | null
  rolloutId: string | null
  /** The label of the drill that caused it. */
  drill: string | null
  openedAt: Date
  openedBy: { id: string; name: string }
  acknowledgedAt: Date | null
  acknowledgedBy: { id: string; name: string } | null
  resolvedAt: Date | null
  resolvedBy: { id: string; name: string } | null
}

export type TimelineEvent = {
  id: string
  at: Date
  kind: EventKind
  text: string
  /** The audit entry that it is taken from. */
  entryId: string | null
  by: string | null
}

/** An act in the hour before an incident opened. */
export type ChangeBefore = {
  entryId: string
  at: Date
  action: string
  resource: { kind: string; id: string; name: string | null }
  because: string
  by: string
}

export type Can = { allowed: true } | { allowed: false; because: string }
type Verb = 'acknowledge' | 'resolve'

const over = 'it is resolved'
// Which verbs a state allows, in one table: pages and verbs both ask it. A text says why not.
const table: Record<IncidentState, Record<Verb, true | string>> = {
  open: { acknowledge: true, resolve: true },
  acknowledged: { acknowledge: 'it is acknowledged already', resolve: true },
  mitigated: { acknowledge: true, resolve: true },
  resolved: { acknowledge: over, resolve: over },
}

export const can = {
  acknowledge: (incident: { state: IncidentState; acknowledgedAt: Date | null }): Can =>
    incident.acknowledgedAt !== null && incident.state === 'mitigated'
      ? { allowed: false, because: 'it is acknowledged already' }
      : allow(incident.state, 'acknowledge'),
  resolve: (incident: { state: IncidentState }): Can => allow(incident.state, 'resolve'),
}

function allow(state: IncidentState, verb: Verb): Can {
  const answer = table[state][verb]
  return answer === true ? { allowed: true } : { allowed: false, because: answer }
}
