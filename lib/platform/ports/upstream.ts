import type { ArtifactFile } from '#lib/platform/artifact-digest.ts'
import type { RegistryPort } from './registry.ts'

/** How an outside registry is reached. Credentials are open here: they are kept sealed and only opened for a turn. */
export type UpstreamSettings = {
  kind: 'mlflow'
  url: string
  auth: { kind: 'none' } | { kind: 'basic'; username: string; password: string } | { kind: 'bearer'; token: string }
  /** PEM of the authorities that its certificate must come from; null: those that Node knows. */
  ca: string | null
  /** MLflow's own workspace, where the server has several. */
  workspace: string | null
}

/**
 * A model registry of somebody else. Every call is bounded in time and size. Reading calls throw `UpstreamError`; writes
 * go through `registry`, whose answers are values.
 */
export interface Upstream {
  /** Whether it answers, lets us in and speaks a version that we know. */
  probe(): Promise<{ version: string }>
  /** Every model with its tags and aliases, page by page; prompts and other things that are no models are left out. */
  listModels(): AsyncIterable<UpstreamModel[]>
  /** Every version of every model, page by page. Written to meanwhile, a page may repeat or miss one: read it again later. */
  listVersions(): AsyncIterable<UpstreamVersion[]>
  /** One version; undefined when it is not there any more. */
  readVersion(name: string, version: number): Promise<UpstreamVersion | undefined>
  /** What is known of how a version came to be. */
  readOrigin(version: UpstreamVersion): Promise<UpstreamOrigin>
  /** Reads every byte of the artefact and says what it is; `signature` is what the model declares of its inputs. */
  digestArtifact(version: UpstreamVersion): Promise<UpstreamArtifact>
  /** Aliases, with versions as the registry numbers them. */
  readonly registry: RegistryPort
  close(): Promise<void>
}

export type UpstreamModel = {
  name: string
  description: string
  tags: Record<string, string>
  /** Alias to version number. */
  aliases: Record<string, number>
}

export type UpstreamVersion = {
  name: string
  version: number
  source: string
  runId: string | null
  /** False while it is being registered, or when that failed. */
  ready: boolean
  stage: string
  description: string
  tags: Record<string, string>
  createdMs: number
}

export type UpstreamOrigin = {
  runId: string | null
  metrics: Record<string, number>
  params: Record<string, string>
  datasets: { name: string; digest: string }[]
  /** The dataset that the metrics were measured on, where all say the same one. */
  evaluatedOn: string | null
  code: string | null
  /** Under what name the run was made, as its client said it: nobody checked it. */
  user: string | null
}

export type UpstreamArtifact = { uri: string; files: ArtifactFile[]; inputs: string[] }

export type UpstreamFailure = 'unreachable' | 'unauthenticated' | 'forbidden' | 'absent' | 'invalid' | 'unsupported'

/** Why a registry could not be read. `unreachable` may pass by itself; the others need somebody. */
export class UpstreamError extends Error {
  readonly kind: UpstreamFailure

  constructor(kind: UpstreamFailure, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'UpstreamError'
    this.kind = kind
  }
}
