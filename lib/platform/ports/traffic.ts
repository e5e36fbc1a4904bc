/**
 * Moving the traffic of an endpoint between versions. Adapters: the local agent's gateway, Gateway API, Istio,
 * KServe, a Service selector, replica ratios; `memory` for tests. All of them pass `traffic.contract.ts`.
 *
 * Every outcome is a value. What could not be read is `unreachable`, never a default and never a success.
 */
export interface TrafficPort {
  /** What the data plane does now. Bounded in time: a plane that does not answer is `unreachable`. */
  read(endpointId: string): Promise<TrafficReading>
  /**
   * Asks for new weights. `applied` means that the data plane itself has swapped: no request admitted afterwards
   * reaches a version of weight 0. Safe to repeat: the same change again answers `applied` with the same generation.
   */
  write(change: TrafficChange): Promise<WriteResult>
  /**
   * Ends the endpoint's traffic: no request admitted afterwards is answered by a version. Idempotent: an absent one answers
   * `removed`. The fence outlives it, so that a stale actor cannot bring it back.
   */
  remove(endpointId: string, fence: number): Promise<RemoveTrafficResult>
}

/** Whole percents; the weights of a change name each version once and sum to exactly 100. */
export interface Weight {
  versionId: string
  percent: number
}

/**
 * `hashOf`: the named header's value is hashed to one of 10,000 buckets, so a key keeps its side while weights stand,
 * and a key that saw the candidate keeps it when the candidate's weight rises.
 * `header`: the header's value names the version itself (session affinity); any other value is treated like `hashOf`.
 */
export type Sticky = { header: string } | { hashOf: string }

/** A latched trip: the data plane went to the stable version by itself. It stays until a write names it in `clearBreaker`. */
export interface Breaker {
  tripId: string
  /** Epoch ms, wall time of the data plane. */
  trippedAt: number
  /** The version that failed. */
  versionId: string
  because: string
}

export interface ObservedTraffic {
  /** Rises with each change the data plane made, whoever asked, its own breaker included. */
  generation: number
  /** The highest fencing number that was ever accepted. */
  fence: number
  weights: Weight[]
  /** Opaque; changes with every change of the traffic. Only compared for equality. */
  resourceVersion: string
  breaker: Breaker | null
  /** Epoch ms at which the data plane had swapped to these weights. */
  ackedAt: number
  /** Who else wrote these fields last; null when it was this port's own manager. */
  otherManager: string | null
}

export type TrafficReading =
  | ({ kind: 'observed' } & ObservedTraffic)
  | { kind: 'absent' }
  | { kind: 'unreachable'; because: string }

export interface TrafficChange {
  endpointId: string
  weights: Weight[]
  /** The `resourceVersion` last observed; null says that the endpoint must not exist yet. */
  expectResourceVersion: string | null
  /** The writer's lease number. A number below the highest accepted one is refused for ever. */
  fence: number
  sticky?: Sticky | undefined
  /** Only requests whose header has this value are split by the weights; all others go to `stableVersionId`. */
  audience?: { header: string; equals: string } | undefined
  /** Where the breaker goes when another version fails hard. Without it the data plane never acts by itself. */
  stableVersionId?: string | undefined
  /** Field manager, as in `managedFields`. */
  manager: string
  /** Acknowledges a latched trip; needs a fence higher than the one observed with it. */
  clearBreaker?: string | undefined
}

export type RemoveTrafficResult =
  | { kind: 'removed' }
  | { kind: 'stale-fence'; fence: number }
  | { kind: 'unreachable'; because: string }
  | { kind: 'refused'; because: string }

export type WriteResult =
  | { kind: 'applied'; generation: number; resourceVersion: string }
  | { kind: 'conflict'; observed: Exclude<TrafficReading, { kind: 'unreachable' }> }
  | { kind: 'stale-fence'; fence: number }
  | { kind: 'unreachable'; because: string }
  | { kind: 'refused'; because: string }
