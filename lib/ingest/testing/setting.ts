import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import type { TestSystem, TestWorkspace } from '../../../tests/support/system.ts'

export type Setting = {
  workspace: TestWorkspace
  modelId: string
  /** Two versions of the model at the endpoint. */
  stable: string
  candidate: string
  endpoint: string
  /** The secret of a key for everything in the workspace. */
  key: string
}

/** A workspace with a model, two versions, an endpoint and an ingest key. */
export async function makeSetting(t: TestSystem): Promise<Setting> {
  const workspace = await t.workspace()
  const developer = await workspace.as('developer')
  const operator = await workspace.as('operator')
  const model = await registerModel(developer, { name: 'flights', title: 'Flight delays' })
  const version = (number: string, digit: string) =>
    registerVersion(developer, {
      modelId: model.id,
      version: number,
      digest: `sha256:${digit.repeat(64)}`,
      artifactUri: 'file:///models/flights',
    })
  const stable = await version('1.0.0', 'a')
  // Ids sort by time: the candidate's comes after.
  t.clock.advance(1)
  const candidate = await version('1.1.0', 'b')
  const environment = await createEnvironment(await workspace.as('admin'), { name: 'production' })
  const endpoint = await createEndpoint(operator, {
    modelId: model.id,
    environmentId: environment.id,
    name: 'flights',
    template: { command: ['node', 'server.js'] },
    rolloutPolicy: 'guarded-canary',
  })
  const { secret } = await createIngestKey(operator, { kinds: ['request', 'prediction', 'label', 'heartbeat'] })
  return {
    workspace,
    modelId: model.id,
    stable: stable.id,
    candidate: candidate.id,
    endpoint: endpoint.id,
    key: secret,
  }
}

/** Sends events as NDJSON and returns the status with the parsed answer. */
export async function send(
  url: string,
  key: string,
  events: readonly unknown[],
  headers: Record<string, string> = {},
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson', ...headers },
    body: events.map((event) => JSON.stringify(event)).join('\n'),
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}
