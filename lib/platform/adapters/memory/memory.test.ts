import { clusterContract } from '../../ports/cluster.contract.ts'
import { trafficContract } from '../../ports/traffic.contract.ts'
import { memoryCluster, memoryServers, setServerState } from './cluster.ts'
import { admitInMemory, memoryPlane, memoryTraffic } from './traffic.ts'

const nowMs = () => 1_750_000_000_000

trafficContract('memory', async () => {
  const plane = memoryPlane()
  return {
    port: memoryTraffic(plane, { manager: 'quarterdeck', nowMs }),
    otherPort: memoryTraffic(plane, { manager: 'argocd', nowMs }),
    provision: async () => {},
    admit: async (endpointId) => admitInMemory(plane, endpointId),
    stop: async () => {
      plane.up = false
    },
    // Memory is the state: there is nothing that a restart could lose.
    restart: async () => {},
    close: async () => {},
  }
})

clusterContract('memory', async () => {
  const servers = memoryServers()
  return {
    port: memoryCluster(servers, { nowMs }),
    spec: (endpointId, versionId) => ({
      endpointId,
      versionId,
      template: {
        command: ['model'],
        env: {},
        port: 'auto',
        health: { path: '/health', timeoutMs: 1000, intervalMs: 1000 },
        resources: {},
      },
      artifact: { uri: 'memory:model', digest: `sha256:${'a'.repeat(64)}` },
      fence: 1,
    }),
    crash: async (endpointId, versionId) => setServerState(servers, { endpointId, versionId }, 'crashed', nowMs()),
    stop: async () => {
      servers.up = false
    },
    restart: async () => {},
    close: async () => {},
  }
})
