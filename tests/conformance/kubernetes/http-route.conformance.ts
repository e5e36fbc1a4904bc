import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { kubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'
import { httpRoute } from '#lib/platform/adapters/kubernetes/http-route.ts'
import { serverName } from '#lib/platform/adapters/kubernetes/names.ts'
import { kubernetesTraffic } from '#lib/platform/adapters/kubernetes/traffic.ts'
import { trafficContract } from '#lib/platform/ports/traffic.contract.ts'
import { definitionFolders } from './build-programs.ts'
import { startControlPlane, type ControlPlane } from './control-plane.ts'
import { installDefinitions } from './definitions.ts'
import { startGateway } from './gateway.ts'
import { makeNamespace } from './namespace.ts'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
  const file = path.join(definitionFolders().gatewayApi, 'gateway.networking.k8s.io_httproutes.yaml')
  await installDefinitions(plane.admin, file, ['httproutes.gateway.networking.k8s.io'])
})
afterAll(() => plane?.close())

trafficContract('Gateway API HTTPRoute', async () => {
  await plane.up()
  const namespace = `models-${randomUUID().slice(0, 8)}`
  const token = await makeNamespace(plane.admin, namespace)
  const timings = { timeoutMs: 3_000, nowMs: () => performance.now(), environment: {} }
  const client = kubernetesClient({ ...plane.access, identity: { kind: 'token', token } }, timings)
  const gateway = { name: 'public', namespace }
  const kind = httpRoute({ namespace, gateway, hostnames: [], servicePort: 80 })
  const portOf = (manager: string) => kubernetesTraffic(client, kind, { manager, confirmMsMax: 5_000 })
  let running = startGateway(plane.admin, namespace, gateway.name)
  const versions = new Map<string, string>()
  return {
    port: portOf('quarterdeck'),
    otherPort: portOf('argocd'),
    provision: async (endpointId, versionIds) => {
      for (const versionId of versionIds) versions.set(serverName(endpointId, versionId), versionId)
    },
    admit: async (endpointId) => {
      const service = running.admit(`/endpoints/${endpointId}/predict`)
      const version = versions.get(service)
      if (version === undefined) throw new Error(`500: there is no Service ${service}`)
      return version
    },
    stop: () => plane.kill(),
    restart: async () => {
      await Promise.all([plane.kill(), running.close()])
      await plane.up()
      running = startGateway(plane.admin, namespace, gateway.name)
    },
    close: async () => {
      await running.close()
      await client.close()
    },
  }
})
