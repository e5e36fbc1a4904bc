import type { TrafficChange } from '../../ports/traffic.ts'
import type { KubernetesObject } from './object.ts'

/** What differs between the kinds of objects that move traffic; `objectTraffic` does the rest. */
export type TrafficKind = {
  apiVersion: string
  kind: string
  /** The collection in the binding's namespace, for example `/apis/…/namespaces/x/httproutes`. */
  collection: string
  /** The fields that carry the weights, as in FieldsV1. */
  owned: readonly string[]
  /** Why this kind cannot do what is asked; null when it can. */
  unable(change: TrafficChange): string | null
  /** The whole intended spec; what others have put beside our own rules in `before` stays. */
  spec(change: TrafficChange, before: Spec | null): Spec
  /** A spec by which no request is sent to a version. */
  detached(endpointId: string, before: Spec | null): Spec
  /** The backends with their relative weights, as they stand in a spec. */
  backends(spec: Spec): Backend[]
  /** Null when the data plane does what the spec says; otherwise why that is not known. */
  pending(object: KubernetesObject): string | null
}

export type Spec = Record<string, unknown>
export type Backend = { name: string; weight: number }
