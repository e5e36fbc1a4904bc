import { z } from 'zod'
import type { ServerObservation } from '#lib/platform/ports/cluster.ts'
import type { Breaker, Weight } from '#lib/platform/ports/traffic.ts'

const slug = z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, {
  error: 'must be 2 to 63 lower-case letters, digits and dashes, and start with a letter',
})

/** How a version's server is started. The artefact's address and digest, and the port, are given to it in its environment. */
export const Template = z.strictObject({
  command: z.array(z.string().min(1).max(2000)).min(1).max(50),
  env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/), z.string().max(4000)).default({}),
  port: z.literal('auto').default('auto'),
  health: z
    .strictObject({
      path: z.string().startsWith('/').max(200).default('/healthz'),
      timeoutMs: z.number().int().min(50).max(60_000).default(1000),
      intervalMs: z.number().int().min(50).max(60_000).default(1000),
    })
    .default({ path: '/healthz', timeoutMs: 1000, intervalMs: 1000 }),
  resources: z.strictObject({ memoryMiBMax: z.number().int().min(16).max(1_048_576).optional() }).default({}),
})
export type Template = z.output<typeof Template>

export const CreateEndpointInput = z.strictObject({
  modelId: z.string().startsWith('mo_'),
  environmentId: z.string().startsWith('en_'),
  name: slug,
  cluster: slug.default('local'),
  template: Template,
  /** The name of the rollout policy for versions that come later. */
  rolloutPolicy: slug,
})
export type CreateEndpointInput = z.input<typeof CreateEndpointInput>

export const DeployVersionInput = z.strictObject({
  endpointId: z.string().startsWith('ep_'),
  versionId: z.string().startsWith('mv_'),
  reason: z.string().trim().min(3).max(2000),
})
export type DeployVersionInput = z.input<typeof DeployVersionInput>

export type EndpointState = 'empty' | 'deploying' | 'serving' | 'degraded' | 'unreachable'

/** What was read back from the data plane, and when. Never what was hoped. */
export type Observed = {
  servers: ServerObservation[]
  traffic: {
    weights: Weight[]
    generation: number
    resourceVersion: string
    breaker: Breaker | null
    otherManager: string | null
  } | null
  /** Why there is no reading, if there is none. */
  missing: string | null
}

export type EndpointView = {
  id: string
  name: string
  modelId: string
  modelName: string
  environment: { id: string; name: string; protected: boolean }
  cluster: string
  rolloutPolicy: string
  state: EndpointState
  because: string
  stable: { versionId: string; version: string } | null
  candidate: { versionId: string; version: string } | null
  intended: Weight[]
  observed: Observed | null
  observedAt: Date | null
  createdAt: Date
}

export type Can = { allowed: true } | { allowed: false; because: string }

export const can = {
  /** A first version is deployed; a later one is rolled out. */
  deploy: (e: { stable: unknown }): Can =>
    e.stable === null
      ? { allowed: true }
      : { allowed: false, because: 'a version serves here already: start a rollout to replace it' },
}

/** The field manager under which we write to data planes. */
export const fieldManager = 'quarterdeck'
