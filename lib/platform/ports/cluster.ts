/**
 * Running model servers from a template. Adapters: the local agent's child processes, Kubernetes (server-side apply of
 * Deployment and Service, readiness from the pods); `memory` for tests. All of them pass `cluster.contract.ts`.
 */
export interface ClusterPort {
  /** Declares one version's server. Idempotent: the same spec again changes nothing. `applied` does not mean ready. */
  apply(spec: ServerSpec): Promise<ApplyResult>
  /** What runs now for an endpoint, one entry a version. */
  observe(endpointId: string): Promise<ClusterReading>
  /** Takes a version's server away. Idempotent: an absent server answers `removed`. Refused while it has weight. */
  remove(endpointId: string, versionId: string, fence: number): Promise<RemoveResult>
}

export interface ServerTemplate {
  /** Program and arguments, run without a shell; on Kubernetes the container's command. */
  command: string[]
  env: Record<string, string>
  /** The platform chooses the port and tells the server in the environment variable PORT. */
  port: 'auto'
  health: { path: string; timeoutMs: number; intervalMs: number }
  resources: { memoryMiBMax?: number | undefined }
}

export interface ServerSpec {
  endpointId: string
  versionId: string
  template: ServerTemplate
  artifact: { uri: string; digest: string }
  /** The writer's lease number; a lower one than the highest accepted for this version is refused for ever. */
  fence: number
}

export type ServerState = 'starting' | 'ready' | 'unready' | 'crashed' | 'stopped'

export interface ServerObservation {
  versionId: string
  state: ServerState
  /** How often the server was started again after it ended by itself. */
  restarts: number
  /** Epoch ms since when the state holds. */
  since: number
  lastExit: { code: number | null; signal: string | null; at: number } | null
  /** Where the server listens; null while there is none. */
  url: string | null
  /** The digest that the running server was started with; null while nothing runs. */
  artifactDigest: string | null
  /** Opaque; changes when the declared spec changes. */
  resourceVersion: string
}

export type ClusterReading =
  | { kind: 'observed'; servers: ServerObservation[] }
  | { kind: 'absent' }
  | { kind: 'unreachable'; because: string }

export type ApplyResult =
  | { kind: 'applied'; resourceVersion: string }
  | { kind: 'conflict'; because: string }
  | { kind: 'stale-fence'; fence: number }
  | { kind: 'unreachable'; because: string }
  /** For example a quota: `because` carries the platform's numbers. */
  | { kind: 'refused'; because: string }

export type RemoveResult =
  | { kind: 'removed' }
  | { kind: 'stale-fence'; fence: number }
  | { kind: 'unreachable'; because: string }
  | { kind: 'refused'; because: string }
