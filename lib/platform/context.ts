import type { Actor } from './actor.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { ReadDb } from './db/schema.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { CheckpointStore } from './ports/checkpoint-store.ts'
import type { ClusterPort } from './ports/cluster.ts'
import type { KmsPort } from './ports/kms.ts'
import type { NotifierPort } from './ports/notifier.ts'
import type { RegistryPort } from './ports/registry.ts'
import type { TrafficPort } from './ports/traffic.ts'
import type { Upstream, UpstreamSettings } from './ports/upstream.ts'
import type { Secrets } from './secrets.ts'

/** The outside, by the name of a cluster binding or registry. Domains see these types, never an adapter. */
export type Ports = {
  /** @throws `invalid` when no such cluster is bound. */
  traffic(cluster: string): TrafficPort
  cluster(cluster: string): ClusterPort
  registry(workspaceId: string): RegistryPort
  /** A model registry outside, by what is needed to reach it; whoever opens it closes it. */
  upstream(settings: UpstreamSettings): Upstream
  /** Where the keys are that sign attestations. */
  kms(): KmsPort
  /** Where the audit log's head is published; none where nothing is configured. */
  checkpoints(): readonly CheckpointStore[]
  /** Mail and webhooks: where people and their tools are told. */
  notifier(): NotifierPort
}

/** What one running role consists of, made once by lib/system.ts. */
export type System = {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly secrets: Secrets
  /** Select only, by type and by database role. */
  readonly db: ReadDb
  /** This process's name in audit entries, with the counter that makes a dropped entry visible. */
  readonly instance: { readonly id: string; next(): bigint }
  readonly ports: Ports
  /** Tells whoever listens that something of that kind has changed. A hint: polling is the truth. */
  readonly notify: (channels: readonly Channel[]) => void
}

/** NOTIFY channels, a closed list: one a reconciler, and `changes` for consoles. */
export const channels = [
  'approvals',
  'endpoints',
  'rollouts',
  'drift',
  'slos',
  'audit',
  'incidents',
  'changes',
  'notifications',
  'registries',
] as const
export type Channel = (typeof channels)[number]

/** What a verb or a read is given first: the system, who asks, in which workspace, under which request. */
export type Ctx = System & {
  readonly actor: Actor
  /** The actor's row in `identity`. */
  readonly actorId: string
  readonly workspaceId: string
  readonly requestId: string
  readonly traceId?: string
  /** Present when the caller sent an idempotency key: `mutate` stores its answer with the write. */
  readonly idempotency?: { readonly key: string; readonly requestDigest: string }
}
