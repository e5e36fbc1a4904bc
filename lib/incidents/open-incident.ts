import { findEndpoint } from '#lib/endpoints/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { OpenIncidentInput } from './model.ts'
import { insertEvent, insertIncident } from './queries.ts'

export type OpenedIncident = { id: string; title: string; severity: 'sev1' | 'sev2' | 'sev3'; state: 'open' }

/** Opens an incident by hand: what nobody's rule has found. Each is one of its own. */
export async function openIncident(ctx: Ctx, input: OpenIncidentInput): Promise<OpenedIncident> {
  const { title, severity, endpointId, reason } = parseInput(OpenIncidentInput, input)
  return mutate(ctx, { action: 'incident:open', load: (tx) => load(ctx, tx, endpointId) }, async (tx) => {
    const now = ctx.clock.now()
    const id = newId('incident', now)
    const fingerprint = `person:${id}`
    await insertIncident(tx, {
      id,
      workspaceId: ctx.workspaceId,
      fingerprint,
      kind: 'person',
      title,
      severity,
      state: 'open',
      endpointId: endpointId ?? null,
      rolloutId: null,
      drill: null,
      because: reason,
      openedAt: now,
      openedBy: ctx.actorId,
      openedByEntry: null,
    })
    await insertEvent(tx, { incidentId: id, at: now, kind: 'opened', text: reason, actorId: ctx.actorId })
    return {
      value: { id, title, severity, state: 'open' as const },
      audit: {
        resource: { kind: 'incident', id, name: title },
        after: { state: 'open', severity, title, fingerprint, endpointId },
        because: reason,
      },
      wake: ['incidents'],
    }
  })
}

async function load(ctx: Ctx, tx: Tx, endpointId: string | undefined) {
  const workspaceId = ctx.workspaceId
  if (endpointId === undefined) return { subject: null, resource: { kind: 'workspace', id: workspaceId, workspaceId } }
  const endpoint = await findEndpoint(tx, endpointId)
  if (!endpoint) return undefined
  const { environment, labels, name } = endpoint
  const resource = { kind: 'endpoint', id: endpointId, workspaceId: endpoint.workspaceId, environment, labels }
  return { subject: null, resource, name }
}
