import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../../../scripts/launch.js'
import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { listEnvironments, listModels } from '#lib/models/reads.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { createSlo } from '#lib/slos/create-slo.ts'
import { listSlos } from '#lib/slos/reads.ts'
import { names } from './calendar.ts'
import { as, type Stage } from './stage.ts'

/** One of the two places where the model serves. Each has a model of its own, because an alias belongs to a model. */
export type Place = { name: string; modelId: string; endpointId: string }
export type Scene = { environmentId: string; main: Place; regional: Place; ingestKey: string }

/** Makes what the story plays in, as far as it is not there yet: environment, models, endpoints, objectives, a key. */
export async function setUp(stage: Stage, dataFolder: string): Promise<Scene> {
  const environmentId = await ensureEnvironment(stage)
  const main = await ensurePlace(stage, environmentId, {
    name: names.main,
    title: 'Flight delay',
    description: 'Will this flight arrive more than 15 minutes late?',
    rolloutPolicy: 'demo-short-steps',
  })
  const regional = await ensurePlace(stage, environmentId, {
    name: names.regional,
    title: 'Flight delay, short flights',
    description: 'The same artefacts for flights below 350 miles, with traffic and a rollback policy of their own.',
    rolloutPolicy: 'demo-even-if-unknown',
  })
  return { environmentId, main, regional, ingestKey: await ensureIngestKey(stage, dataFolder) }
}

async function ensureEnvironment(stage: Stage): Promise<string> {
  const ingrid = await as(stage, 'ingrid')
  const found = (await listEnvironments(ingrid)).find((e) => e.name === names.environment)
  return (found ?? (await createEnvironment(ingrid, { name: names.environment, protected: true }))).id
}

async function ensurePlace(
  stage: Stage,
  environmentId: string,
  of: { name: string; title: string; description: string; rolloutPolicy: string },
): Promise<Place> {
  const { name, title, description, rolloutPolicy } = of
  const [dana, olu] = [await as(stage, 'dana'), await as(stage, 'olu')]
  const models = await listModels(dana, { limit: 200 })
  const model =
    models.items.find((m) => m.name === name) ??
    (await registerModel(dana, { name, title, description, risk: 'medium', labels: ['demo'] }))
  const endpoints = await listEndpoints(olu, { modelId: model.id })
  const template = {
    command: [process.execPath, join(root, 'examples', 'flights', 'server.ts')],
    health: { path: '/healthz', timeoutMs: 2000, intervalMs: 1000 },
    resources: { memoryMiBMax: 512 },
  }
  const endpoint =
    endpoints.items.find((e) => e.name === name) ??
    (await createEndpoint(olu, { modelId: model.id, environmentId, name, template, rolloutPolicy }))
  await ensureObjectives(stage, endpoint.id)
  return { name, modelId: model.id, endpointId: endpoint.id }
}

async function ensureObjectives(stage: Stage, endpointId: string): Promise<void> {
  const olu = await as(stage, 'olu')
  const { items } = await listSlos(olu, { endpointId })
  for (const objective of ['availability', 'latency']) {
    if (!items.some((s) => s.name === objective)) await createSlo(olu, { endpointId, policy: 'demo', objective })
  }
}

// The secret is told once, so it is kept beside the data, readable by its owner alone. A kill between the two leaves a key
// that nobody knows.
async function ensureIngestKey(stage: Stage, dataFolder: string): Promise<string> {
  const file = join(dataFolder, `labels-key-${stage.workspaceId}`)
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (stored !== undefined) return stored
  const { secret } = await createIngestKey(await as(stage, 'olu'), { kinds: ['label'] })
  await mkdir(dataFolder, { recursive: true })
  await writeFile(`${file}.new`, secret, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return secret
}
