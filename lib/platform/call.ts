import { v7 } from 'uuid'
import { activeTraceId } from './span.ts'
import { rootWorkspaceId, systemActor, systemIdentityId, workerActor, workerIdentityId, type Actor } from './actor.ts'
import type { Ctx, System } from './context.ts'

/** A fresh request id for work that no request asked for. */
export function newRequestId(system: Pick<System, 'clock'>): string {
  return `req_${v7({ msecs: system.clock.now().getTime() })}`
}

/** The context in which the worker acts in a workspace, for the person or policy that asked. */
export function workerCtx(system: System, workspaceId: string, onBehalfOf?: NonNullable<Actor['onBehalfOf']>): Ctx {
  const actor = onBehalfOf ? { ...workerActor, onBehalfOf } : workerActor
  return { ...system, actor, actorId: workerIdentityId, workspaceId, requestId: newRequestId(system), ...traced() }
}

/** The context of the installation itself: start-up, and the creation of workspaces. */
export function systemCtx(system: System, workspaceId: string = rootWorkspaceId): Ctx {
  return {
    ...system,
    actor: systemActor,
    actorId: systemIdentityId,
    workspaceId,
    requestId: newRequestId(system),
    ...traced(),
  }
}

// What the worker does within a trace carries the trace's id into its audit entries.
function traced(): { traceId?: string } {
  const traceId = activeTraceId()
  return traceId === undefined ? {} : { traceId }
}
