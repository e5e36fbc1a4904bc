import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentProcess, type AgentProcess } from './testing/agent-process.ts'
import { admin, ask, predict, provision, setTraffic, until, viewOf } from './testing/control.ts'

describe('gateway', () => {
  let agent: AgentProcess
  beforeAll(async () => {
    agent = await agentProcess({
      bodyBytesMax: 1000,
      requestTimeoutMs: 1000,
      concurrencyMax: 4,
      breaker: { window: 10, failures: 5 },
    })
    await provision(agent, 'flights', { v1: {}, v2: {} })
  })
  afterAll(() => agent.close())

  it('forwards path, query, headers and body, and says which version and generation answered', async () => {
    await setTraffic(agent, 'flights', { v1: 100 })
    const url = `${agent.gatewayUrl()}/endpoints/flights/predict/batch?x=1`
    const reply = await ask(url, 'POST', { 'x-seen': 'yes' }, '{}')
    expect(reply).toMatchObject({ status: 200, json: { version: 'v1', url: '/predict/batch?x=1', seen: 'yes' } })
    const { traffic } = await viewOf(agent, 'flights')
    expect(reply.headers['x-quarterdeck-version']).toBe('v1')
    expect(reply.headers['x-quarterdeck-generation']).toBe(String(traffic?.generation))
    expect(reply.headers['x-quarterdeck-prediction-id']).toMatch(/^pr_/)
  })

  it('refuses what it cannot serve, each with its own status', async () => {
    await setTraffic(agent, 'flights', { v1: 100 })
    expect((await predict(agent, 'nothing')).status).toBe(404)
    expect((await ask(`${agent.gatewayUrl()}/elsewhere`, 'POST', {}, '{}')).status).toBe(404)
    expect((await ask(`${agent.gatewayUrl()}/endpoints/flights/predict`, 'GET', {})).status).toBe(405)
    expect((await predict(agent, 'flights', {}, 'x'.repeat(1001))).status).toBe(413)
    expect((await predict(agent, 'flights', { 'x-event-time': 'yesterday' })).status).toBe(400)
    expect((await predict(agent, 'flights', { 'x-quarterdeck-version': 'v2' })).status).toBe(403)
  })

  it('answers 504 when the model server does not answer in time', async () => {
    await setTraffic(agent, 'flights', { v1: 100 })
    expect((await predict(agent, 'flights', { 'x-behave': 'hang' })).status).toBe(504)
  })

  it('bounds the requests in flight: 503 with Retry-After, and serves again afterwards', async () => {
    await setTraffic(agent, 'flights', { v1: 100 })
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => predict(agent, 'flights', { 'x-wait-ms': '300' })),
    )
    const refused = replies.filter((r) => r.status === 503)
    expect(replies.filter((r) => r.status === 200).length).toBeGreaterThanOrEqual(4)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every((r) => r.headers['retry-after'] === '1')).toBe(true)
    expect((await predict(agent, 'flights')).status).toBe(200)
  })

  it('keeps a key at its version', async () => {
    await setTraffic(agent, 'flights', { v1: 50, v2: 50 }, { sticky: { hashOf: 'user-id' } })
    for (const user of ['a', 'b', 'c', 'd']) {
      const first = await predict(agent, 'flights', { 'user-id': user })
      const second = await predict(agent, 'flights', { 'user-id': user })
      expect(second.json['version']).toBe(first.json['version'])
    }
  })

  it('lists requests admitted before a swap as draining until they end', async () => {
    await setTraffic(agent, 'flights', { v1: 100, v2: 0 })
    const slow = predict(agent, 'flights', { 'x-wait-ms': '700' })
    const before = (await viewOf(agent, 'flights')).traffic!.generation
    // The request is under way once a swap finds it; swaps to and fro are harmless.
    let percent = 0
    await until(async () => {
      await setTraffic(agent, 'flights', { v1: percent, v2: 100 - percent })
      percent = 100 - percent
      return (await viewOf(agent, 'flights')).draining.length > 0
    })
    const { draining } = await viewOf(agent, 'flights')
    expect(draining[0]).toMatchObject({ versionId: 'v1', inFlight: 1 })
    expect(draining[0]!.generation).toBeGreaterThanOrEqual(before)
    expect((await slow).json['version']).toBe('v1')
    await until(async () => (await viewOf(agent, 'flights')).draining.length === 0)
  })

  it('counts what it did in its metrics', async () => {
    const { json } = await admin(agent, 'GET', '/metrics')
    expect(json['text']).toMatch(/quarterdeck_agent_requests_total\{endpoint="flights",version="v1",status="200"\} \d+/)
    expect(json['text']).toMatch(/quarterdeck_agent_rejected_total\{reason="saturated"\} \d+/)
    expect(json['text']).toMatch(/quarterdeck_agent_generation\{endpoint="flights"\} \d+/)
  })
})
