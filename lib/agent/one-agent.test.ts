import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startAgent, type Agent } from './agent.ts'
import { readAgentConfig } from './config.ts'

describe('the data folder of an agent', () => {
  let folder = ''
  const started: Agent[] = []
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quarterdeck-agent-'))
  })
  afterEach(async () => {
    await Promise.all(started.splice(0).map((agent) => agent.stop()))
    await rm(folder, { recursive: true, force: true })
  })
  const start = async () => {
    const config = readAgentConfig({
      dataFolder: folder,
      gatewayPort: 0,
      adminPort: 0,
      adminToken: 'token-of-the-tests',
      logLevel: 'silent',
    })
    const agent = await startAgent(config, { environment: {} })
    started.push(agent)
    return agent
  }

  it('has one agent: a second one is refused and told why, and may come when the first has ended', async () => {
    const first = await start()
    await expect(start()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`Another agent runs on ${folder}`) as string,
    })
    await first.stop()
    await expect(start()).resolves.toBeDefined()
  })
})
