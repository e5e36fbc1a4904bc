import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { agentProcess, type AgentProcess } from './testing/agent-process.ts'
import { admin, predict, provision, setTraffic, until, viewOf } from './testing/control.ts'

/** True while a process runs; one that has ended and only waits for its parent to notice does not. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('model servers of an agent', () => {
  let agent: AgentProcess
  beforeEach(async () => {
    agent = await agentProcess()
  })
  afterEach(() => agent.close())

  const pidsOf = async () => {
    await provision(agent, 'flights', { v1: { GRANDCHILD: 'yes', STUBBORN: 'yes' } })
    await setTraffic(agent, 'flights', { v1: 100 })
    const { json } = await predict(agent, 'flights')
    return [Number(json['pid']), Number(json['grandchildPid'])]
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)('end with the agent, and all that they started, at %s', async (signal) => {
    const pids = await pidsOf()
    expect(pids.map(runs)).toEqual([true, true])
    await agent.kill(signal)
    await until(() => !pids.some(runs))
  })

  it('end when they are removed, though they ignore SIGTERM', async () => {
    const pids = await pidsOf()
    await provision(agent, 'flights', { v2: {} })
    await setTraffic(agent, 'flights', { v1: 0, v2: 100 })
    const removed = await admin(agent, 'DELETE', '/v1/endpoints/flights/servers/v1?fence=1')
    expect(removed).toMatchObject({ status: 200, json: { kind: 'removed' } })
    await until(() => !pids.some(runs))
  })

  it('are found by the agent that comes after one that was killed, whose folder is free at once', async () => {
    await pidsOf()
    await agent.kill('SIGKILL')
    await agent.start()
    await until(async () => (await viewOf(agent, 'flights')).servers[0]?.state === 'ready')
  })

  it('are started again with what they crashed of, and counted', async () => {
    await pidsOf()
    await predict(agent, 'flights', { 'x-behave': 'crash' })
    await until(async () => {
      const [server] = (await viewOf(agent, 'flights')).servers
      return server?.restarts === 1 && server.state === 'ready'
    })
    const [server] = (await viewOf(agent, 'flights')).servers
    expect(server?.lastExit).toMatchObject({ code: 3, signal: null })
    expect((await predict(agent, 'flights')).status).toBe(200)
  })
})
