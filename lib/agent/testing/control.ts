import { request } from 'undici'
import type { TrafficChange } from '#lib/platform/ports/traffic.ts'
import type { EndpointView } from '../endpoint.ts'
import { testToken, type AgentProcess } from './agent-process.ts'
import { modelSpec } from './specs.ts'

export type Reply = {
  status: number
  headers: Record<string, string | string[] | undefined>
  json: Record<string, unknown>
}

/** One admin request with the tests' token, unless other headers are given. */
export async function admin(agent: AgentProcess, method: string, path: string, body?: unknown): Promise<Reply> {
  const headers = { authorization: `Bearer ${testToken}`, 'content-type': 'application/json' }
  return ask(`${agent.adminUrl()}${path}`, method, headers, body === undefined ? undefined : JSON.stringify(body))
}

/** One prediction through the gateway. */
export async function predict(
  agent: AgentProcess,
  endpointId: string,
  headers: Record<string, string> = {},
  body = '{"features":{"distance":120}}',
): Promise<Reply> {
  const all = { 'content-type': 'application/json', ...headers }
  return ask(`${agent.gatewayUrl()}/endpoints/${endpointId}/predict`, 'POST', all, body)
}

export async function viewOf(agent: AgentProcess, endpointId: string): Promise<EndpointView> {
  return (await admin(agent, 'GET', `/v1/endpoints/${endpointId}`)).json as unknown as EndpointView
}

/** Declares the versions' servers and waits until all are ready; the caller's own time limit is the bound. */
export async function provision(
  agent: AgentProcess,
  endpointId: string,
  versions: Record<string, Record<string, string>>,
): Promise<void> {
  for (const [versionId, env] of Object.entries(versions)) {
    const { template, artifact, fence } = modelSpec(endpointId, versionId, env)
    await admin(agent, 'PUT', `/v1/endpoints/${endpointId}/servers/${versionId}`, { template, artifact, fence })
  }
  await until(async () => {
    const { servers } = await viewOf(agent, endpointId)
    return servers.every((s) => s.state === 'ready')
  })
}

/** Writes `percents` by version over whatever is there now, and answers the agent's reply. */
export async function setTraffic(
  agent: AgentProcess,
  endpointId: string,
  percents: Record<string, number>,
  over: Partial<TrafficChange> = {},
): Promise<Reply> {
  const view = await admin(agent, 'GET', `/v1/endpoints/${endpointId}`)
  const traffic = (view.json as unknown as EndpointView).traffic
  return admin(agent, 'PUT', `/v1/endpoints/${endpointId}/traffic`, {
    weights: Object.entries(percents).map(([versionId, percent]) => ({ versionId, percent })),
    expectResourceVersion: traffic?.resourceVersion ?? null,
    fence: traffic?.fence ?? 1,
    manager: 'test',
    ...over,
  })
}

/** Asks again until it holds; the test's own time limit is the bound. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}

export async function ask(url: string, method: string, headers: Record<string, string>, body?: string): Promise<Reply> {
  const answer = await request(url, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await answer.body.text()
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text }
  return { status: answer.statusCode, headers: answer.headers, json }
}
