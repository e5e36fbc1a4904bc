import { z } from 'zod'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const Made = z.looseObject({ id: z.string() })
const Page = z.object({ items: z.array(z.looseObject({ id: z.string() })) })

/** Sends as one of the people; `get` answers the whole body. @throws when the answer is no success */
export type Send = (who: string, method: 'GET' | 'POST', path: string, body?: object) => Promise<unknown>

/**
 * One thing of each kind that requests can name, made by requests: without them nearly every fuzzed request ends at an id that
 * nothing has. By the name of the parameter, or of the field, that names it.
 */
export async function makeThings(send: Send): Promise<Record<string, string>> {
  const post = async (who: string, path: string, body: object) => Made.parse(await send(who, 'POST', path, body)).id
  const environmentId = await post('ingrid', '/environments', { name: 'open-ground', protected: false })
  const modelId = await post('dana', '/models', { name: 'flights', title: 'Flights' })
  const version = (name: string, letter: string) => ({
    version: name,
    digest: digest(letter),
    artifactUri: `s3://flights/${name}`,
    evaluation: { metrics: { auc: 0.9 } },
  })
  const versionId = await post('dana', `/models/${modelId}/versions`, version('1.0.0', 'a'))
  const candidateId = await post('dana', `/models/${modelId}/versions`, version('1.1.0', 'b'))
  const evidence = { kind: 'evaluation', content: { metrics: { auc: 0.8 } } }
  const evidenceId = await post('dana', `/versions/${candidateId}/evidence`, evidence)
  const environments = Page.parse(await send('dana', 'GET', '/environments'))
  const guarded = environments.items.find((e) => e['protected'] === true)?.id
  const wanted = { versionId, environmentId: guarded ?? environmentId, reason: 'the first one' }
  const approvalId = await post('dana', '/approvals', wanted)
  const endpointId = await post('olu', '/endpoints', {
    modelId,
    environmentId,
    name: 'flights',
    template: { command: ['node', 'server.js'] },
    rolloutPolicy: 'canary',
  })
  const of = { endpointId, reason: 'a trial' }
  const incidentId = await post('olu', '/incidents', { ...of, title: 'A trial', severity: 'sev3' })
  const sloId = await post('olu', '/slos', { endpointId, objective: 'availability' })
  const accountId = await post('ingrid', '/service-accounts', { name: 'nightly', purpose: 'a trial' })
  const registryId = await post('ingrid', '/registries', { name: 'outside', url: 'http://127.0.0.1:9' })
  const channelId = await post('ingrid', '/notification-channels', {
    kind: 'webhook',
    name: 'team',
    config: { url: 'https://hooks.example/in' },
    kinds: ['approval-decided'],
  })
  const keyId = await post('olu', '/ingest-keys', { kinds: ['label'] })
  const entries = Page.parse(await send('ingrid', 'GET', '/audit/entries?limit=1'))
  const entryId = entries.items[0]?.id ?? ''
  return {
    environmentId,
    modelId,
    versionId,
    candidateId,
    evidenceId,
    approvalId,
    endpointId,
    incidentId,
    sloId,
    accountId,
    registryId,
    channelId,
    keyId,
    entryId,
  }
}
