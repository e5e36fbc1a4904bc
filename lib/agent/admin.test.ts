import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from 'undici'
import { agentProcess, testToken, type AgentProcess } from './testing/agent-process.ts'
import { admin, ask, provision, setTraffic } from './testing/control.ts'
import type { WatchLine } from './watch.ts'

describe('admin API', () => {
  let agent: AgentProcess
  beforeAll(async () => {
    agent = await agentProcess({ heartbeatMs: 100 })
    await provision(agent, 'flights', { v1: {}, v2: {} })
    await setTraffic(agent, 'flights', { v1: 100 })
  })
  afterAll(() => agent.close())
  const bearer = { authorization: `Bearer ${testToken}` }

  it('lets nobody in without the token, nor under a foreign host name', async () => {
    const url = `${agent.adminUrl()}/v1/state`
    expect((await ask(url, 'GET', {})).status).toBe(401)
    expect((await ask(url, 'GET', { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await ask(url, 'GET', { ...bearer, host: 'evil.example' })).status).toBe(403)
    expect((await ask(url, 'GET', { ...bearer, host: '127.0.0.1.evil.example' })).status).toBe(403)
    expect((await ask(url, 'GET', bearer)).status).toBe(200)
  })

  it('answers probes without a token', async () => {
    expect(await ask(`${agent.adminUrl()}/healthz`, 'GET', {})).toMatchObject({ status: 200, json: { text: 'ok' } })
    expect(await ask(`${agent.adminUrl()}/readyz`, 'GET', {})).toMatchObject({ status: 200, json: { text: 'ready' } })
  })

  it('says what is wrong with a body, by field', async () => {
    const path = '/v1/endpoints/flights/traffic'
    const missing = await admin(agent, 'PUT', path, { weights: [{ versionId: 'v1', percent: 50 }] })
    expect(missing).toMatchObject({ status: 400, json: { kind: 'invalid' } })
    expect(missing.json['because']).toMatch(/weights: the percents must sum to 100.*fence/s)
    const text = await ask(`${agent.adminUrl()}${path}`, 'PUT', bearer, '{broken')
    expect(text).toMatchObject({ status: 400, json: { because: 'The body must be JSON' } })
    expect((await admin(agent, 'PUT', '/v1/endpoints/..%2Fetc/traffic', {})).status).toBe(400)
    expect((await admin(agent, 'DELETE', '/v1/endpoints/flights/servers/v2')).status).toBe(400)
    expect((await admin(agent, 'GET', '/v1/nothing')).status).toBe(404)
  })

  it('refuses weights for a version without a server, and the removal of one with weight', async () => {
    expect(await setTraffic(agent, 'flights', { v1: 90, v9: 10 })).toMatchObject({
      status: 422,
      json: { kind: 'refused' },
    })
    const removed = await admin(agent, 'DELETE', '/v1/endpoints/flights/servers/v1?fence=1')
    expect(removed).toMatchObject({ status: 422, json: { because: expect.stringContaining('100 %') } })
  })

  it('streams the state, each change and heartbeats, in one rising sequence', async () => {
    const { body } = await request(`${agent.adminUrl()}/v1/watch`, { headers: bearer })
    const lines: WatchLine[] = []
    let rest = ''
    // Leaving the loop ends the stream.
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (lines.length === 0) await setTraffic(agent, 'flights', { v1: 60, v2: 40 })
      const texts = (rest + chunk.toString()).split('\n')
      rest = texts.pop() ?? ''
      lines.push(...texts.map((text) => JSON.parse(text) as WatchLine))
      if (new Set(lines.map((l) => l.type)).size === 3) break
    }
    expect(lines[0]).toMatchObject({ type: 'state', endpoints: [{ endpointId: 'flights' }] })
    const change = lines.find((l) => l.type === 'change')
    expect(change?.endpoint.traffic?.weights).toContainEqual({ versionId: 'v2', percent: 40 })
    expect(lines.map((l) => l.sequence)).toEqual(lines.map((_, i) => lines[0]!.sequence + i))
  })
})
