import { setTimeout as delay } from 'node:timers/promises'
import type {
  ObservedTraffic,
  RemoveTrafficResult,
  TrafficChange,
  TrafficPort,
  TrafficReading,
  WriteResult,
} from '../../ports/traffic.ts'
import { invalidWeights } from '../../ports/weights.ts'
import type { KubernetesClient } from './client.ts'
import { trafficName } from './names.ts'
import { ownersOf, type KubernetesObject } from './object.ts'
import { objectsIn, type Manifest } from './objects.ts'
import type { Spec, TrafficKind } from './traffic-kind.ts'
import { recordAnnotation, recordOf, wishOf, type TrafficRecord } from './traffic-record.ts'

export type KubernetesTrafficOptions = {
  /** The field manager under which this port's own writes are known. */
  manager: string
  /** How long a write waits for the data plane to take it up. */
  confirmMsMax: number
}

const confirmPauseMs = 100
/** How often a write is judged anew because somebody (a controller's status, another writer) was quicker. */
const turnsMax = 6
const never = { fence: 0, wish: '', versions: {}, ended: false }

type Port = { kind: TrafficKind; objects: ReturnType<typeof objectsIn>; options: KubernetesTrafficOptions }

/**
 * The traffic port over one object an endpoint on a Kubernetes API server. Each write names the exact revision that it was
 * judged on, so the fence in the object and the weights change together or not at all.
 */
export function kubernetesTraffic(
  client: KubernetesClient,
  kind: TrafficKind,
  options: KubernetesTrafficOptions,
): TrafficPort {
  const port = { kind, objects: objectsIn(client, kind.collection), options }
  return {
    read: (endpointId) => read(port, endpointId),
    write: (change) => write(port, change),
    remove: (endpointId, fence) => remove(port, endpointId, fence),
  }
}

async function read(port: Port, endpointId: string): Promise<TrafficReading> {
  const got = await port.objects.read(trafficName(endpointId))
  if (got.kind !== 'object') return got
  const seen = observedOf(port, got.object)
  if (seen.kind === 'absent') return seen
  const because = port.kind.pending(got.object)
  return because === null ? seen : { kind: 'unreachable', because }
}

async function write(port: Port, change: TrafficChange): Promise<WriteResult> {
  const invalid = invalidWeights(change.weights) ?? port.kind.unable(change)
  if (invalid !== null) return { kind: 'refused', because: invalid }
  if (change.clearBreaker !== undefined) return { kind: 'refused', because: 'there is no such trip to clear' }
  for (let turn = 0; turn < turnsMax; turn++) {
    const got = await port.objects.read(trafficName(change.endpointId))
    if (got.kind === 'unreachable') return got
    const object = got.kind === 'object' ? got.object : null
    const verdict = judge(port, object, change)
    if (verdict === 'same' && object) return confirmed(port, object)
    if (typeof verdict !== 'string') return verdict
    const put = await putSpec(port, object, {
      manager: change.manager,
      spec: port.kind.spec(change, object?.spec ?? null),
      record: {
        endpointId: change.endpointId,
        fence: change.fence,
        wish: wishOf(change),
        versions: versionsOf(port, change),
        ended: false,
      },
    })
    if (put.kind === 'object') return confirmed(port, put.object)
    if (put.kind !== 'changed') return put
  }
  return busy
}

async function remove(port: Port, endpointId: string, fence: number): Promise<RemoveTrafficResult> {
  for (let turn = 0; turn < turnsMax; turn++) {
    const got = await port.objects.read(trafficName(endpointId))
    if (got.kind === 'unreachable') return got
    const object = got.kind === 'object' ? got.object : null
    const record = (object && recordOf(object)) ?? { ...never, endpointId }
    if (fence < record.fence) return { kind: 'stale-fence', fence: record.fence }
    if (object && record.ended && record.fence === fence) return letGo(port, object)
    const put = await putSpec(port, object, {
      manager: port.options.manager,
      spec: port.kind.detached(endpointId, object?.spec ?? null),
      record: { endpointId, fence, wish: '', versions: {}, ended: true },
    })
    if (put.kind === 'object') return letGo(port, put.object)
    if (put.kind !== 'changed') return put
  }
  return busy
}

const busy = {
  kind: 'unreachable',
  because: 'the traffic object changes faster than it can be written: see which controllers write to it',
} as const

function judge(port: Port, object: KubernetesObject | null, change: TrafficChange): 'put' | 'same' | WriteResult {
  const record = object ? recordOf(object) : null
  if (record && change.fence < record.fence) return { kind: 'stale-fence', fence: record.fence }
  const observed = object ? observedOf(port, object) : ({ kind: 'absent' } as const)
  if (observed.kind === 'observed' && record && isSame(observed, record, change)) return 'same'
  const there = observed.kind === 'observed' ? observed.resourceVersion : null
  return there === change.expectResourceVersion ? 'put' : { kind: 'conflict', observed }
}

/** Asked already, and nobody has changed it since. */
function isSame(observed: ObservedTraffic, record: TrafficRecord, change: TrafficChange): boolean {
  const sides = (weights: ObservedTraffic['weights']) => JSON.stringify(weights.map((w) => [w.versionId, w.percent]))
  return (
    record.fence === change.fence && record.wish === wishOf(change) && sides(observed.weights) === sides(change.weights)
  )
}

async function putSpec(
  { kind, objects }: Port,
  object: KubernetesObject | null,
  { manager, spec, record }: { manager: string; spec: Spec; record: TrafficRecord },
) {
  const manifest: Manifest = {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      name: object?.metadata.name ?? trafficName(record.endpointId),
      ...(object ? { resourceVersion: object.metadata.resourceVersion } : {}),
      annotations: { [recordAnnotation]: JSON.stringify(record) },
      labels: { 'app.kubernetes.io/managed-by': 'quarterdeck' },
    },
    spec,
  }
  return object ? objects.apply(manifest, manager, { dryRun: false }) : objects.create(manifest, manager)
}

/** `applied` once the data plane has taken it up; until then the outcome is not known, and asking again answers. */
async function confirmed(port: Port, object: KubernetesObject): Promise<WriteResult> {
  const waited = await untilTaken(port, object)
  if (waited !== null) return { kind: 'unreachable', because: waited }
  return { kind: 'applied', generation: generationOf(object), resourceVersion: versionOf(object) }
}

async function letGo(port: Port, object: KubernetesObject): Promise<RemoveTrafficResult> {
  const waited = await untilTaken(port, object)
  return waited === null ? { kind: 'removed' } : { kind: 'unreachable', because: waited }
}

async function untilTaken({ kind, objects, options }: Port, written: KubernetesObject): Promise<string | null> {
  let because = kind.pending(written)
  for (let waitedMs = 0; because !== null && waitedMs < options.confirmMsMax; waitedMs += confirmPauseMs) {
    await delay(confirmPauseMs)
    const got = await objects.read(written.metadata.name)
    if (got.kind === 'unreachable') return got.because
    if (got.kind === 'absent') return 'the traffic object was deleted before the data plane had taken it up'
    if (generationOf(got.object) !== generationOf(written)) return 'somebody changed the traffic object at once again'
    because = kind.pending(got.object)
  }
  return because
}

function observedOf(port: Port, object: KubernetesObject): Exclude<TrafficReading, { kind: 'unreachable' }> {
  const record = recordOf(object)
  if (record?.ended === true && port.kind.backends(object.spec ?? {}).length === 0) return { kind: 'absent' }
  const backends = port.kind.backends(object.spec ?? {})
  const sum = backends.reduce((total, backend) => total + backend.weight, 0)
  const owners = ownersOf(object, port.kind.owned)
  const own = owners.some((owner) => owner.manager === port.options.manager)
  return {
    kind: 'observed',
    generation: generationOf(object),
    fence: record?.fence ?? 0,
    weights: backends.map(({ name, weight }) => ({
      // A backend that is not ours is named as what it is.
      versionId: record?.versions[name] ?? `service/${name}`,
      percent: sum === 0 ? 0 : (weight / sum) * 100,
    })),
    resourceVersion: versionOf(object),
    breaker: null,
    ackedAt: Date.parse(owners[0]?.time || object.metadata.creationTimestamp),
    otherManager: own ? null : (owners[0]?.manager ?? null),
  }
}

function versionsOf(port: Port, change: TrafficChange): Record<string, string> {
  const backends = port.kind.backends(port.kind.spec(change, null))
  return Object.fromEntries(backends.map(({ name }, at) => [name, change.weights[at]?.versionId ?? name]))
}

/** The API server raises it with every change of the spec, whoever made it. */
function generationOf(object: KubernetesObject): number {
  return object.metadata.generation ?? 0
}

/** Unlike the object's own resourceVersion this does not move when a controller writes the status. */
function versionOf(object: KubernetesObject): string {
  return `${object.metadata.uid}.${generationOf(object)}.${recordOf(object)?.fence ?? 0}`
}
