import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '#lib/platform/clock.ts'
import { agentEvent, type AgentEvent } from './events.ts'
import { closeWithin, listen } from './listen.ts'
import { eventsOf } from './telemetry.ts'
import { agentProcess } from './testing/agent-process.ts'
import { admin, predict, provision, setTraffic, until, viewOf } from './testing/control.ts'
import { modelSpec } from './testing/specs.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A real ingest server that keeps what it is sent, with each batch counted once. */
async function startIngest() {
  const batches = new Map<string, AgentEvent[]>()
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const lines = Buffer.concat(chunks).toString().trimEnd().split('\n')
      batches.set(
        String(incoming.headers['x-batch-id']),
        lines.map((line) => agentEvent.parse(JSON.parse(line))),
      )
      response.writeHead(202).end()
    })
  })
  const url = await listen(server, 0)
  closers.push(() => closeWithin(server, systemClock, 1000))
  return { url, events: () => [...batches.values()].flat() }
}

describe('the request event', () => {
  const served = {
    endpointId: 'flights',
    versionId: 'v1',
    generation: 1,
    predictionId: 'pr_1',
    timeMs: 1,
    eventTimeMs: 1,
  }
  const rest = { latencyMs: 2, requestBody: Buffer.from('{}'), answer: null }

  it.each([
    [503, 0],
    [502, undefined],
    [504, undefined],
  ])('of status %i without an answer says %s of CPU time', (status, cpuSeconds) => {
    const [event] = eventsOf({ ...served, ...rest, status })
    expect(event).toMatchObject({ type: 'request', status })
    expect(event?.type === 'request' && event.cpuSeconds).toBe(cpuSeconds)
  })
})

describe('telemetry of the agent', () => {
  it('tells the ingest server of each request, each prediction, and that it lives', async () => {
    const ingest = await startIngest()
    const agent = await agentProcess({
      ingest: { url: ingest.url, key: 'ik_test' },
      tap: { batchMs: 20 },
      heartbeatMs: 100,
    })
    closers.push(agent.close)
    await provision(agent, 'flights', { v1: {} })
    await setTraffic(agent, 'flights', { v1: 100 })
    const body = '{"features":{"distance":120,"carrier":"AA","late":true,"gate":null,"route":["a"]}}'
    const reply = await predict(agent, 'flights', { 'x-event-time': '2025-06-01T00:00:00Z' }, body)
    await predict(agent, 'flights', { 'x-behave': 'fail' }, body)
    await predict(agent, 'flights', {}, 'not json')
    const of = (type: AgentEvent['type']) => ingest.events().filter((e) => e.type === type)
    await until(() => of('request').length === 3 && of('heartbeat').length > 1)
    expect(of('request')).toMatchObject([
      { endpoint: 'flights', version: 'v1', generation: 1, status: 200, cpuSeconds: 0.002 },
      { status: 500 },
      { status: 200 },
    ])
    expect(of('prediction')).toEqual([
      {
        type: 'prediction',
        id: reply.headers['x-quarterdeck-prediction-id'],
        time: Date.UTC(2025, 5, 1),
        endpoint: 'flights',
        version: 'v1',
        generation: 1,
        features: { distance: 120, carrier: 'AA', late: true, gate: null },
        score: 0.25,
        prediction: 'late',
      },
    ])
    expect(of('heartbeat').map((e) => e.type === 'heartbeat' && e.sequence)).toEqual(
      of('heartbeat').map((_, i) => i + 1),
    )
  })

  it('shows in its state what it had to drop', async () => {
    const agent = await agentProcess({
      ingest: { url: 'http://127.0.0.1:9', key: 'ik_test' },
      tap: { batchEventsMax: 1, bufferEventsMax: 5, batchMs: 10 },
    })
    closers.push(agent.close)
    await provision(agent, 'flights', { v1: {} })
    await setTraffic(agent, 'flights', { v1: 100 })
    for (let i = 0; i < 10; i++) await predict(agent, 'flights')
    const { tap } = (await admin(agent, 'GET', '/v1/state')).json as { tap: { buffered: number; dropped: number } }
    expect(tap.buffered).toBeLessThanOrEqual(5)
    expect(tap.dropped).toBeGreaterThanOrEqual(15)
  })
})

describe.runIf(process.platform === 'linux')('memory limit of a model server', () => {
  it('ends a server that grows beyond it, which then starts anew', async () => {
    const agent = await agentProcess()
    closers.push(agent.close)
    const { template, artifact } = modelSpec('flights', 'v1')
    const limited = { ...template, resources: { memoryMiBMax: 300 } }
    await admin(agent, 'PUT', '/v1/endpoints/flights/servers/v1', { template: limited, artifact, fence: 1 })
    const isReady = async () => (await viewOf(agent, 'flights')).servers[0]?.state === 'ready'
    await until(isReady)
    await setTraffic(agent, 'flights', { v1: 100 })
    await predict(agent, 'flights', { 'x-behave': 'grow' })
    await until(async () => (await viewOf(agent, 'flights')).servers[0]?.restarts === 1)
    await until(isReady)
    expect((await viewOf(agent, 'flights')).servers[0]?.lastExit?.signal).toBe('SIGKILL')
  })
})
