import { z } from 'zod'
import { UpstreamError, type UpstreamModel, type UpstreamVersion } from '#lib/platform/ports/upstream.ts'
import type { MlflowClient } from './client.ts'

const api = '/api/2.0/mlflow'
/** What MLflow gives at most on a page of models; versions would go further, but a page should stay within memory. */
const pageSize = 1_000
const pagesMax = 1_000

const Tags = z.array(z.object({ key: z.string(), value: z.string().default('') })).default([])
const Page = { next_page_token: z.string().optional() }
const ModelPage = z.object({
  ...Page,
  registered_models: z
    .array(
      z.object({
        name: z.string(),
        description: z.string().default(''),
        tags: Tags,
        aliases: z.array(z.object({ alias: z.string(), version: z.string() })).default([]),
      }),
    )
    .default([]),
})
const Version = z.object({
  name: z.string(),
  version: z.string().regex(/^[1-9]\d{0,8}$/),
  source: z.string().default(''),
  run_id: z.string().default(''),
  status: z.string().default('READY'),
  current_stage: z.string().default('None'),
  description: z.string().default(''),
  tags: Tags,
  creation_timestamp: z.number().default(0),
})
const VersionPage = z.object({ ...Page, model_versions: z.array(Version).default([]) })
const VersionAnswer = z.object({ model_version: Version })

/** Every registered model. MLflow keeps prompts among them, under a tag. */
export async function* listModels(client: MlflowClient): AsyncIterable<UpstreamModel[]> {
  for await (const page of pagesOf(client, 'registered-models/search', ['name ASC'], ModelPage)) {
    yield page.registered_models
      .filter((model) => tagsOf(model.tags)['mlflow.prompt.is_prompt'] !== 'true')
      .map(({ name, description, tags, aliases }) => ({
        name,
        description,
        tags: tagsOf(tags),
        aliases: Object.fromEntries(aliases.map(({ alias, version }) => [alias, Number(version)])),
      }))
  }
}

/** Every version of every model. This list of MLflow does not have the aliases: those come with the models. */
export async function* listVersions(client: MlflowClient): AsyncIterable<UpstreamVersion[]> {
  const order = ['name ASC', 'version_number ASC']
  for await (const page of pagesOf(client, 'model-versions/search', order, VersionPage)) {
    yield page.model_versions.map(toVersion)
  }
}

export async function readVersion(
  client: MlflowClient,
  name: string,
  version: number,
): Promise<UpstreamVersion | undefined> {
  try {
    return toVersion((await client.get(`${api}/model-versions/get`, { name, version }, VersionAnswer)).model_version)
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'absent') return undefined
    throw error
  }
}

/** The members of a list of tags, by key. */
export function tagsOf(tags: readonly { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]))
}

function toVersion(row: z.output<typeof Version>): UpstreamVersion {
  return {
    name: row.name,
    version: Number(row.version),
    source: row.source,
    runId: row.run_id === '' ? null : row.run_id,
    ready: row.status === 'READY',
    stage: row.current_stage,
    description: row.description,
    tags: tagsOf(row.tags),
    createdMs: row.creation_timestamp,
  }
}

async function* pagesOf<T extends { next_page_token?: string | undefined }>(
  client: MlflowClient,
  path: string,
  orderBy: readonly string[],
  schema: z.ZodType<T>,
): AsyncIterable<T> {
  let token: string | undefined
  for (let n = 0; n < pagesMax; n++) {
    const query = { max_results: pageSize, order_by: orderBy, page_token: token }
    const page = await client.get(`${api}/${path}`, query, schema)
    yield page
    token = page.next_page_token
    if (token === undefined || token === '') return
  }
  throw new UpstreamError('unsupported', `MLflow has more than ${pagesMax * pageSize} entries: narrow what it shows us`)
}
