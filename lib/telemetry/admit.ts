import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { EventKind, EventRejection, TelemetryEvent } from './events.ts'

/** What the sender's key allows. */
export type Grant = { workspaceId: string; endpointId: string | null; kinds: readonly string[] }

/** Which endpoints and versions there are. */
export type Directory = {
  endpoint(id: string): { workspaceId: string; modelId: string } | undefined
  version(id: string): { modelId: string } | undefined
}

/** `workspaceId`: of the endpoint that an event names, once it is admitted; what names none is the sender's. */
export type IndexedEvent = { index: number; event: TelemetryEvent; workspaceId?: string | undefined }

/**
 * How far ahead of our clock an event's time may be: predictions may be about tomorrow, and a clock that is wrong by more is
 * told so. It keeps no window open: that is up to the watermark, which stays near our clock whatever events say.
 */
export const aheadMsMax = 86_400_000

/**
 * Splits valid events into those that this key may send about things that exist, and the reasons for the others. An
 * endpoint of another workspace is as unknown as one that is not there.
 */
export function admitEvents(
  events: readonly IndexedEvent[],
  grant: Grant,
  directory: Directory,
  nowMs: number,
): { admitted: IndexedEvent[]; rejected: EventRejection[] } {
  const admitted: IndexedEvent[] = []
  const rejected: EventRejection[] = []
  for (const each of events) {
    const refusal = refuse(each.event, grant, directory, nowMs)
    if (refusal) rejected.push({ index: each.index, ...refusal })
    else if ('endpoint' in each.event)
      admitted.push({ ...each, workspaceId: directory.endpoint(each.event.endpoint)?.workspaceId })
    else admitted.push(each)
  }
  return { admitted, rejected }
}

/** The endpoints and versions that events name. */
export function namedIn(events: readonly IndexedEvent[]): { endpoints: Set<string>; versions: Set<string> } {
  const endpoints = new Set<string>()
  const versions = new Set<string>()
  for (const { event } of events) {
    if (event.type !== 'request' && event.type !== 'prediction') continue
    endpoints.add(event.endpoint)
    versions.add(event.version)
  }
  return { endpoints, versions }
}

type Refusal = { path: string; message: string }

function refuse(event: TelemetryEvent, grant: Grant, directory: Directory, nowMs: number): Refusal | undefined {
  if (!grant.kinds.includes(event.type satisfies EventKind))
    return { path: 'type', message: `this key may not send ${event.type} events` }
  if (event.time > nowMs + aheadMsMax)
    return { path: 'time', message: 'is more than a day ahead of our clock: check the sender’s' }
  if (event.type !== 'request' && event.type !== 'prediction') return undefined
  const endpoint = directory.endpoint(event.endpoint)
  // A key of the installation itself is that of a data plane, from which every workspace serves.
  const reaches = grant.workspaceId === rootWorkspaceId || endpoint?.workspaceId === grant.workspaceId
  if (!endpoint || !reaches)
    return { path: 'endpoint', message: `there is no endpoint ${event.endpoint} in this workspace` }
  if (grant.endpointId !== null && grant.endpointId !== event.endpoint)
    return { path: 'endpoint', message: `this key is for ${grant.endpointId}, not for ${event.endpoint}` }
  if (directory.version(event.version)?.modelId !== endpoint.modelId)
    return { path: 'version', message: `there is no version ${event.version} of the model at ${event.endpoint}` }
  return undefined
}
