import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentProcess, type AgentProcess } from './testing/agent-process.ts'
import { admin, predict, provision, setTraffic, until, viewOf } from './testing/control.ts'

const stable = { stableVersionId: 'v1' }

/** Asks a server that hangs and hangs up, again and again, until the agent has noticed it so many times. */
async function giveUp(agent: AgentProcess, times: number): Promise<void> {
  await until(async () => {
    const impatient = new AbortController()
    const url = `${agent.gatewayUrl()}/endpoints/flights/predict`
    const asked = fetch(url, { method: 'POST', headers: { 'x-behave': 'hang' }, body: '{}', signal: impatient.signal })
    const counted = await goneCount(agent)
    impatient.abort()
    await expect(asked).rejects.toThrow()
    return counted >= times
  })
}

async function goneCount(agent: AgentProcess): Promise<number> {
  const { json } = await admin(agent, 'GET', '/metrics')
  return Number(
    /requests_total\{endpoint="flights",version="v2",status="499"\} (\d+)/.exec(String(json['text']))?.[1] ?? 0,
  )
}

describe('breaker of the agent', () => {
  let agent: AgentProcess
  beforeEach(async () => {
    agent = await agentProcess({ breaker: { window: 10, failures: 5 }, requestTimeoutMs: 2000 })
  })
  afterEach(() => agent.close())

  const tripByErrors = async () => {
    await provision(agent, 'flights', { v1: {}, v2: { FAIL: 'always' } })
    await setTraffic(agent, 'flights', { v1: 50, v2: 50 }, stable)
    for (let i = 0; i < 10; i++) await predict(agent, 'flights')
    await until(async () => (await viewOf(agent, 'flights')).traffic!.breaker !== null)
    return (await viewOf(agent, 'flights')).traffic!
  }

  it('sends all to stable after the failures, latched, and stays so over kill -9 and restart', async () => {
    const tripped = await tripByErrors()
    expect(tripped.weights).toEqual([
      { versionId: 'v1', percent: 100 },
      { versionId: 'v2', percent: 0 },
    ])
    expect(tripped.breaker).toMatchObject({ versionId: 'v2', because: expect.stringContaining('5 of its last 5') })
    for (let i = 0; i < 20; i++) expect((await predict(agent, 'flights')).json['version']).toBe('v1')
    // What is seen of a trip is on disk.
    await agent.kill('SIGKILL')
    await agent.start()
    const { traffic } = await viewOf(agent, 'flights')
    expect(traffic?.breaker).toEqual(tripped.breaker)
  })

  it('lets the candidate back only by a higher fence that names the trip', async () => {
    const { breaker, fence } = await tripByErrors()
    const again = { v1: 50, v2: 50 }
    const clearBreaker = breaker!.tripId
    expect((await setTraffic(agent, 'flights', again, stable)).status).toBe(422)
    expect((await setTraffic(agent, 'flights', again, { ...stable, fence: fence + 1 })).status).toBe(422)
    expect((await setTraffic(agent, 'flights', again, { ...stable, clearBreaker })).status).toBe(422)
    const other = { ...stable, fence: fence + 1, clearBreaker: 'another trip' }
    expect((await setTraffic(agent, 'flights', again, other)).status).toBe(422)
    const right = { ...stable, fence: fence + 1, clearBreaker }
    expect((await setTraffic(agent, 'flights', again, right)).status).toBe(200)
    expect((await viewOf(agent, 'flights')).traffic?.breaker).toBeNull()
  })

  it('makes the control plane look again when it did not know of the trip', async () => {
    await provision(agent, 'flights', { v1: {}, v2: { FAIL: 'always' } })
    await setTraffic(agent, 'flights', { v1: 50, v2: 50 }, stable)
    const known = (await viewOf(agent, 'flights')).traffic!.resourceVersion
    for (let i = 0; i < 10; i++) await predict(agent, 'flights')
    await until(async () => (await viewOf(agent, 'flights')).traffic!.breaker !== null)
    const late = await setTraffic(agent, 'flights', { v1: 0, v2: 100 }, { ...stable, expectResourceVersion: known })
    expect(late).toMatchObject({ status: 409, json: { kind: 'conflict' } })
  })

  it('trips when the candidate crashes', async () => {
    await provision(agent, 'flights', { v1: {}, v2: {} })
    await setTraffic(agent, 'flights', { v1: 0, v2: 100 }, stable)
    await predict(agent, 'flights', { 'x-behave': 'crash' })
    await until(async () => (await viewOf(agent, 'flights')).traffic!.breaker !== null)
    expect((await viewOf(agent, 'flights')).traffic?.breaker?.because).toBe('its server crashed')
    expect((await predict(agent, 'flights')).json['version']).toBe('v1')
  })

  it('is fed no successes by clients that give up on a hanging server', async () => {
    await provision(agent, 'flights', { v1: {}, v2: {} })
    await setTraffic(agent, 'flights', { v1: 0, v2: 100 }, stable)
    for (let i = 0; i < 4; i++) await predict(agent, 'flights', { 'x-behave': 'fail' })
    await giveUp(agent, 10)
    expect((await viewOf(agent, 'flights')).traffic?.breaker).toBeNull()
    await predict(agent, 'flights', { 'x-behave': 'fail' })
    await until(async () => (await viewOf(agent, 'flights')).traffic!.breaker !== null)
    const { traffic } = await viewOf(agent, 'flights')
    expect(traffic?.breaker).toMatchObject({ versionId: 'v2', because: expect.stringContaining('5 of its last 5') })
  })

  it('never acts against the stable version, nor without one', async () => {
    await provision(agent, 'flights', { v1: { FAIL: 'always' }, v2: {} })
    await setTraffic(agent, 'flights', { v1: 100, v2: 0 }, stable)
    for (let i = 0; i < 12; i++) await predict(agent, 'flights')
    await setTraffic(agent, 'flights', { v1: 50, v2: 50 })
    for (let i = 0; i < 24; i++) await predict(agent, 'flights')
    expect((await viewOf(agent, 'flights')).traffic).toMatchObject({ generation: 2, breaker: null })
  })
})
