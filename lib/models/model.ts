import { valid } from 'semver'
import { z } from 'zod'
import { slug as shortSlug } from '#lib/members/model.ts'

const slug = z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, {
  error: 'must be 2 to 63 lower-case letters, digits and dashes, and start with a letter',
})
export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, { error: 'must be sha256: and 64 lower-case hexadecimal digits' })
const semver = z
  .string()
  .max(64)
  .refine((v) => valid(v) === v, { error: 'must be a semantic version such as 1.4.0 (semver.org)' })
const label = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._/-]{0,62}$/, { error: 'must be up to 63 lower-case letters, digits and . _ / -' })

export const risks = ['low', 'medium', 'high', 'unknown'] as const

export const RegisterModelInput = z.strictObject({
  name: slug,
  title: z.string().trim().min(1).max(120),
  description: z.string().max(4000).default(''),
  risk: z.enum(risks).default('medium'),
  labels: z.array(label).max(20).default([]),
})
export type RegisterModelInput = z.input<typeof RegisterModelInput>

export const ArtifactFile = z.strictObject({
  path: z.string().min(1).max(1024),
  size: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/** Where a version comes from. Every field is optional; what is unknown is shown as unknown. */
export const Lineage = z.strictObject({
  run: z.string().max(300).optional(),
  /** The data that it was trained on, by name, with a digest where there is one. */
  datasets: z
    .array(z.strictObject({ name: z.string().min(1).max(300), digest: z.string().max(200).optional() }))
    .max(50)
    .default([]),
  features: z.array(z.string().min(1).max(200)).max(2000).default([]),
  code: z.string().max(500).optional(),
  parent: z.string().max(64).optional(),
})
export type Lineage = z.output<typeof Lineage>

/** Evaluation metrics as measured by whoever submits the version: what an approver decides on. */
export const Evaluation = z.strictObject({
  dataset: z.string().max(300).default(''),
  rows: z.number().int().min(0).optional(),
  metrics: z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/), z.number()).default({}),
  notes: z.string().max(4000).default(''),
})
export type Evaluation = z.output<typeof Evaluation>

export const RegisterVersionInput = z.strictObject({
  modelId: z.string().startsWith('mo_'),
  version: semver,
  digest,
  artifactUri: z.string().min(1).max(2000),
  files: z.array(ArtifactFile).max(10_000).default([]),
  lineage: Lineage.default({ datasets: [], features: [] }),
  evaluation: Evaluation.default({ dataset: '', metrics: {}, notes: '' }),
  card: z.string().max(60_000).default(''),
  /** Who owned the training run, when it was not whoever submits: they may not approve either. */
  runOwner: z.strictObject({ issuer: z.string().min(1).max(300), subject: z.string().min(1).max(300) }).optional(),
})
export type RegisterVersionInput = z.input<typeof RegisterVersionInput>

/** Named within the bound by which roles are narrowed to an environment. */
export const CreateEnvironmentInput = z.strictObject({ name: shortSlug, protected: z.boolean().default(true) })
export type CreateEnvironmentInput = z.input<typeof CreateEnvironmentInput>

export const SetAliasInput = z.strictObject({
  modelId: z.string().startsWith('mo_'),
  alias: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/),
  versionId: z.string().startsWith('mv_'),
  /** What the writer last read; the alias moves only from there. Null: not set. */
  expectedVersionId: z.string().startsWith('mv_').nullable(),
  reason: z.string().trim().min(3).max(1000),
})
export type SetAliasInput = z.input<typeof SetAliasInput>

/** The alias that names the version in service, as MLflow's users know it. */
export const servingAlias = 'champion'

export type ModelView = {
  id: string
  name: string
  title: string
  description: string
  risk: (typeof risks)[number]
  labels: string[]
  createdAt: Date
}

export type VersionView = {
  id: string
  modelId: string
  modelName: string
  version: string
  digest: string
  artifactUri: string
  files: z.output<typeof ArtifactFile>[]
  lineage: Lineage
  evaluation: Evaluation
  card: string
  createdAt: Date
  createdBy: { id: string; name: string }
}

export type EnvironmentView = { id: string; name: string; protected: boolean }

/** A version in service at an endpoint; `until` is null while it serves. */
export type ServingView = {
  endpointId: string
  environmentId: string
  environment: string
  modelId: string
  versionId: string
  version: string
  since: Date
  until: Date | null
}
