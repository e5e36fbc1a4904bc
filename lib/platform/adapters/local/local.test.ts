import { agentProcess, testToken } from '#lib/agent/testing/agent-process.ts'
import { modelSpec } from '#lib/agent/testing/specs.ts'
import { request } from 'undici'
import { clusterContract } from '../../ports/cluster.contract.ts'
import { trafficContract } from '../../ports/traffic.contract.ts'
import { agentClient } from './agent-client.ts'
import { localCluster } from './cluster.ts'
import { localTraffic } from './traffic.ts'

async function startLocal() {
  const agent = await agentProcess()
  const client = agentClient({ adminUrl: agent.adminUrl(), token: testToken, timeoutMs: 5000 })
  return {
    agent,
    client,
    cluster: localCluster(client),
    stop: () => agent.kill('SIGKILL'),
    restart: async () => {
      await agent.kill('SIGKILL')
      await agent.start()
    },
    close: async () => {
      await client.close()
      await agent.close()
    },
  }
}

async function predict(gatewayUrl: string, endpointId: string, headers: Record<string, string> = {}) {
  const answer = await request(`${gatewayUrl}/endpoints/${endpointId}/predict`, { method: 'POST', body: '{}', headers })
  await answer.body.dump()
  return answer
}

trafficContract('local agent', async () => {
  const { agent, client, cluster, ...life } = await startLocal()
  const isReady = async (endpointId: string, count: number) => {
    const seen = await cluster.observe(endpointId)
    return seen.kind === 'observed' && seen.servers.filter((s) => s.state === 'ready').length === count
  }
  return {
    ...life,
    port: localTraffic(client, { manager: 'quarterdeck' }),
    otherPort: localTraffic(client, { manager: 'argocd' }),
    provision: async (endpointId, versionIds) => {
      await Promise.all(versionIds.map((versionId) => cluster.apply(modelSpec(endpointId, versionId))))
      while (!(await isReady(endpointId, versionIds.length))) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    admit: async (endpointId) => {
      const answer = await predict(agent.gatewayUrl(), endpointId)
      if (answer.statusCode !== 200) throw new Error(`the gateway answered ${answer.statusCode}`)
      return String(answer.headers['x-quarterdeck-version'])
    },
  }
})

clusterContract('local agent', async () => {
  const { agent, client, cluster, ...life } = await startLocal()
  return {
    ...life,
    port: cluster,
    spec: modelSpec,
    crash: async (endpointId, versionId) => {
      const weights = [{ versionId, percent: 100 }]
      const asked = { endpointId, weights, expectResourceVersion: null, fence: 1, manager: 'quarterdeck' }
      await localTraffic(client, { manager: 'quarterdeck' }).write(asked)
      await predict(agent.gatewayUrl(), endpointId, { 'x-behave': 'crash' })
    },
  }
})
