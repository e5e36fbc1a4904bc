import { join } from 'node:path'
import { expect } from '@playwright/test'
import type { Api, Persona } from './people.ts'

export type Serving = { modelId: string; endpointId: string; versionIds: readonly string[] }

/** A model with two approved versions, the first of which serves at an endpoint of the workspace, as read back. */
export async function serveFirst(people: Record<Exclude<Persona, 'tomas'>, Api>, name: string): Promise<Serving> {
  const { ingrid, dana, priya, olu } = people
  const environment = await created(ingrid, '/environments', { name: `${name}-stage`, protected: false })
  const model = await created(dana, '/models', { name, title: name })
  const versionIds = ['1.0.0', '2.0.0'].map((version, i) =>
    created(dana, `/models/${model}/versions`, {
      version,
      digest: `sha256:${String(i + 1).repeat(64)}`,
      artifactUri: `file:///models/${name}/${version}`,
    }),
  )
  for (const versionId of await Promise.all(versionIds)) {
    const asked = await dana.post('/approvals', { versionId, environmentId: environment, reason: 'to see it serve' })
    const voted = await priya.post(`/approvals/${String(asked.body['id'])}/votes`, {
      decision: 'approve',
      reason: 'good enough for staging',
      revisionDigest: asked.body['revisionDigest'],
    })
    expect(voted.body).toMatchObject({ state: 'approved' })
  }
  const endpoint = await created(olu, '/endpoints', {
    modelId: model,
    environmentId: environment,
    name,
    template: { command: [process.execPath, join(import.meta.dirname, 'model-server.js')] },
    rolloutPolicy: 'guarded-canary',
  })
  const deployed = await olu.post(`/endpoints/${endpoint}/deploy`, {
    versionId: await versionIds[0],
    reason: 'the first',
  })
  expect(deployed.status, JSON.stringify(deployed.body)).toBe(202)
  await expect
    .poll(async () => (await olu.get(`/endpoints/${endpoint}`)).body['state'], { timeout: 60_000 })
    .toBe('serving')
  return { modelId: model, endpointId: endpoint, versionIds: await Promise.all(versionIds) }
}

async function created(api: Api, path: string, body: unknown): Promise<string> {
  const answer = await api.post(path, body)
  expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(201)
  return String(answer.body['id'])
}
