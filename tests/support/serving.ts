import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { System } from '#lib/platform/context.ts'
import { emptyHistogram, record } from '#lib/telemetry/histogram.ts'
import { addRequestFacts } from '#lib/telemetry/queries.ts'
import type { TestWorkspace } from './system.ts'

export type TestServing = { modelId: string; environmentId: string; endpointId: string; versionIds: [string, string] }

/** A model with two versions and an endpoint for it, made by the verbs that people use. Nothing is deployed. */
export async function testServing(ws: TestWorkspace, name = 'flights'): Promise<TestServing> {
  const [admin, developer, operator] = [await ws.as('admin'), await ws.as('developer'), await ws.as('operator')]
  const environment = await createEnvironment(admin, { name: `${name}-staging`, protected: false })
  const model = await registerModel(developer, { name, title: name, labels: ['team-a'] })
  const versionIds: string[] = []
  for (const digit of ['1', '2']) {
    const version = await registerVersion(developer, {
      modelId: model.id,
      version: `${digit}.0.0`,
      digest: `sha256:${digit.repeat(64)}`,
      artifactUri: `file:///models/${name}/${digit}`,
      card: '',
    })
    versionIds.push(version.id)
  }
  const endpoint = await createEndpoint(operator, {
    modelId: model.id,
    environmentId: environment.id,
    name,
    template: { command: ['server'] },
    rolloutPolicy: 'guarded-canary',
  })
  return {
    modelId: model.id,
    environmentId: environment.id,
    endpointId: endpoint.id,
    versionIds: [versionIds[0] ?? '', versionIds[1] ?? ''],
  }
}

export type TestFact = {
  at: Date
  versionId: string
  requests: number
  errors?: number
  cpuMicros?: number
  /** Of how many requests CPU time was reported: without it of all or, when there is none, of none. */
  cpuReported?: number
  latencyMs?: number
}

/** Adds request facts at an endpoint as the ingest server folds them: in the 10-second slice in which `at` lies. */
export async function addFacts(
  system: System,
  where: { workspaceId: string; endpointId: string },
  facts: readonly TestFact[],
): Promise<void> {
  const rows = facts.map(({ at, versionId, requests, errors = 0, cpuMicros = 0, cpuReported, latencyMs = 20 }) => ({
    ...where,
    versionId,
    generation: 1,
    sliceAt: new Date(Math.floor(at.getTime() / 10_000) * 10_000),
    requests,
    errors,
    cpuMicros,
    cpuReported: cpuReported ?? (cpuMicros > 0 ? requests : 0),
    latency: requests > 0 ? record(emptyHistogram(), latencyMs, requests) : emptyHistogram(),
  }))
  for (const row of rows) await housekeep(system, 'telemetry-fold', (tx) => addRequestFacts(tx, [row]))
}
