import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { kubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'
import { httpRoute } from '#lib/platform/adapters/kubernetes/http-route.ts'
import { serverName } from '#lib/platform/adapters/kubernetes/names.ts'
import { kubernetesTraffic } from '#lib/platform/adapters/kubernetes/traffic.ts'
import type { TrafficKind } from '#lib/platform/adapters/kubernetes/traffic-kind.ts'
import { virtualService } from '#lib/platform/adapters/kubernetes/virtual-service.ts'
import { trafficContract, type TrafficHarness } from '#lib/platform/ports/traffic.contract.ts'
import { definitionFolders } from './build-programs.ts'
import { startControlPlane, type ControlPlane } from './control-plane.ts'
import { installDefinitions } from './definitions.ts'
import { httpRouteDialect, virtualServiceDialect } from './dialects.ts'
import { startGateway, type Dialect } from './gateway.ts'
import { makeNamespace } from './namespace.ts'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
  const { gatewayApi, istio } = definitionFolders()
  const routes = path.join(gatewayApi, 'gateway.networking.k8s.io_httproutes.yaml')
  await installDefinitions(plane.admin, routes, ['httproutes.gateway.networking.k8s.io'])
  const mesh = path.join(istio, 'customresourcedefinitions.gen.yaml')
  await installDefinitions(plane.admin, mesh, ['virtualservices.networking.istio.io'])
})
afterAll(() => plane?.close())

trafficContract('Gateway API HTTPRoute', () =>
  harnessOf((namespace) => ({
    kind: httpRoute({ namespace, gateway: { name: 'public', namespace }, hostnames: [], servicePort: 80 }),
    dialect: httpRouteDialect(namespace, 'public'),
  })),
)

trafficContract('Istio VirtualService', () =>
  harnessOf((namespace) => ({
    kind: virtualService({ namespace, gateways: ['mesh'], hosts: ['models'], servicePort: 80, status: 'reported' }),
    dialect: virtualServiceDialect(namespace),
  })),
)

/** One namespace on the API server, which the ports reach as our service account does. */
async function harnessOf(of: (namespace: string) => { kind: TrafficKind; dialect: Dialect }): Promise<TrafficHarness> {
  await plane.up()
  const namespace = `models-${randomUUID().slice(0, 8)}`
  const { kind, dialect } = of(namespace)
  const token = await makeNamespace(plane.admin, namespace)
  const settings = { timeoutMs: 3_000, nowMs: () => performance.now(), environment: {} }
  const client = kubernetesClient({ ...plane.access, identity: { kind: 'token', token } }, settings)
  const portOf = (manager: string) => kubernetesTraffic(client, kind, { manager, confirmMsMax: 5_000 })
  let gateway = startGateway(plane.admin, dialect)
  const versions = new Map<string, string>()
  return {
    port: portOf('quarterdeck'),
    otherPort: portOf('argocd'),
    provision: async (endpointId, versionIds) => {
      for (const versionId of versionIds) versions.set(serverName(endpointId, versionId), versionId)
    },
    admit: async (endpointId) => {
      const service = gateway.admit(`/endpoints/${endpointId}/predict`)
      const version = versions.get(service)
      if (version === undefined) throw new Error(`500: there is no Service ${service}`)
      return version
    },
    stop: () => plane.kill(),
    restart: async () => {
      await Promise.all([plane.kill(), gateway.close()])
      await plane.up()
      gateway = startGateway(plane.admin, dialect)
    },
    close: async () => {
      await gateway.close()
      await client.close()
    },
  }
}
