import { z } from 'zod'
import { UpstreamError, type UpstreamOrigin, type UpstreamVersion } from '#lib/platform/ports/upstream.ts'
import type { MlflowClient } from './client.ts'
import { tagsOf } from './lists.ts'

const api = '/api/2.0/mlflow'
const Pairs = z.array(z.object({ key: z.string(), value: z.string().default('') })).default([])
// JSON knows no NaN: MLflow sends it, and the infinities, as text.
const Metric = z.object({
  key: z.string(),
  value: z.union([z.number(), z.string()]),
  dataset_name: z.string().optional(),
  dataset_digest: z.string().optional(),
})
type Metric = z.output<typeof Metric>
const Data = z.object({ metrics: z.array(Metric).default([]), params: Pairs, tags: Pairs }).prefault({})
const RunAnswer = z.object({
  run: z.object({
    info: z.object({ run_id: z.string(), user_id: z.string().default('') }),
    data: Data,
    inputs: z
      .object({
        dataset_inputs: z
          .array(z.object({ dataset: z.object({ name: z.string(), digest: z.string().default('') }) }))
          .default([]),
      })
      .prefault({}),
  }),
})
const ModelAnswer = z.object({
  model: z.object({
    info: z.object({ source_run_id: z.string().default('') }),
    data: z.object({ metrics: z.array(Metric).default([]), params: Pairs }).prefault({}),
  }),
})
type Run = z.output<typeof RunAnswer>['run']
type LoggedModel = z.output<typeof ModelAnswer>['model']

/**
 * How a version came to be, from its run and its logged model (`models:/m-…`); what was logged for the model itself
 * stands before what its run says. A run that was deleted leaves what the version's record has.
 */
export async function readOrigin(client: MlflowClient, version: UpstreamVersion): Promise<UpstreamOrigin> {
  const loggedId = /^models:\/(m-[0-9a-f]+)$/.exec(version.source)?.[1]
  const logged = loggedId === undefined ? undefined : await orNone(readLogged(client, loggedId))
  const runId = version.runId ?? nonEmpty(logged?.info.source_run_id)
  const run = runId === null ? undefined : await orNone(readRun(client, runId))
  const metrics = [...(run?.data.metrics ?? []), ...(logged?.data.metrics ?? [])]
  const tags = tagsOf(run?.data.tags ?? [])
  const [repository, commit] = [tags['mlflow.source.git.repoURL'], tags['mlflow.source.git.commit']]
  return {
    runId,
    metrics: numbers(metrics),
    params: { ...tagsOf(run?.data.params ?? []), ...tagsOf(logged?.data.params ?? []) },
    datasets: datasetsOf(run, metrics),
    evaluatedOn: commonDataset(metrics),
    code: commit === undefined ? null : `${repository ?? tags['mlflow.source.name'] ?? ''}@${commit}`,
    user: nonEmpty(tags['mlflow.user'] ?? run?.info.user_id),
  }
}

async function readRun(client: MlflowClient, runId: string): Promise<Run> {
  return (await client.get(`${api}/runs/get`, { run_id: runId }, RunAnswer)).run
}

async function readLogged(client: MlflowClient, id: string): Promise<LoggedModel> {
  return (await client.get(`${api}/logged-models/${id}`, {}, ModelAnswer)).model
}

async function orNone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'absent') return undefined
    throw error
  }
}

function numbers(metrics: readonly Metric[]): Record<string, number> {
  const finite = metrics.filter((m): m is Metric & { value: number } => Number.isFinite(m.value))
  return Object.fromEntries(finite.map(({ key, value }) => [key, value]))
}

function datasetsOf(run: Run | undefined, metrics: readonly Metric[]): UpstreamOrigin['datasets'] {
  const inputs = (run?.inputs.dataset_inputs ?? []).map(({ dataset }) => dataset)
  const measured = metrics.flatMap(({ dataset_name: name, dataset_digest: digest = '' }) =>
    name === undefined || name === '' ? [] : [{ name, digest }],
  )
  return [...new Map([...inputs, ...measured].map((each) => [`${each.name}\n${each.digest}`, each])).values()]
}

function commonDataset(metrics: readonly Metric[]): string | null {
  const names = new Set(metrics.map((m) => m.dataset_name ?? ''))
  const [only] = names
  return names.size === 1 ? nonEmpty(only) : null
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text
}
