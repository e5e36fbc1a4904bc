import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { KubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'

const routes = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), generation: z.number() }),
      spec: z.looseObject({
        parentRefs: z.array(z.looseObject({ name: z.string(), namespace: z.string().optional() })).optional(),
        rules: z.array(
          z.looseObject({
            matches: z.array(
              z.looseObject({ path: z.looseObject({ value: z.string() }), headers: z.array(z.unknown()).optional() }),
            ),
            backendRefs: z.array(z.looseObject({ name: z.string(), weight: z.number() })).optional(),
          }),
        ),
      }),
      status: z.looseObject({ parents: z.array(z.unknown()) }).optional(),
    }),
  ),
})
type Route = z.infer<typeof routes>['items'][number]
type Taken = { generation: number; path: string; backends: { name: string; weight: number }[]; admitted: number }

export type Gateway = {
  /** The Service that one request to a path is sent to. */
  admit(path: string): string
  close(): Promise<void>
}

const pollMs = 20

/**
 * A Gateway and its controller as far as weights go: takes up what the API server says a little later, keeps it while the server
 * is away, and tells in the status which generation it serves. It is built on the specification, not on our adapter.
 */
export function startGateway(admin: KubernetesClient, namespace: string, gatewayName: string): Gateway {
  const collection = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`
  const taken = new Map<string, Taken>()
  const ended = new AbortController()

  const takeUp = async (route: Route) => {
    const { name, generation } = route.metadata
    const attached = (route.spec.parentRefs ?? []).some((parent) => parent.name === gatewayName)
    const told = route.status?.parents.length ?? 0
    if (!attached) {
      taken.delete(name)
      if (told > 0) await tell(admin, `${collection}/${name}/status`, name, [])
      return
    }
    if (taken.get(name)?.generation === generation && told > 0) return
    const rule = route.spec.rules.find((each) => each.matches.every((match) => match.headers === undefined))
    const path = rule?.matches[0]?.path.value ?? '/'
    taken.set(name, { generation, path, backends: rule?.backendRefs ?? [], admitted: 0 })
    const conditions = ['Accepted', 'ResolvedRefs'].map((type) => condition(type, generation))
    const parent = { parentRef: { name: gatewayName, namespace }, controllerName: 'test.example/gateway', conditions }
    await tell(admin, `${collection}/${name}/status`, name, [parent])
  }
  const loop = (async () => {
    while (!ended.signal.aborted) {
      const answer = await admin.call({ method: 'GET', path: collection })
      if (answer.kind === 'answer' && answer.status === 200) {
        for (const route of routes.parse(answer.body).items) await takeUp(route)
      }
      await delay(pollMs)
    }
  })()
  return {
    admit: (path) => {
      const found = [...taken.values()].find((each) => path.startsWith(each.path))
      if (!found) throw new Error(`404: no route for ${path}`)
      return next(found)
    },
    close: async () => {
      ended.abort()
      await loop
    },
  }
}

/** Weighted, in turn: of each `sum` requests every backend gets exactly its weight. */
function next(route: Taken): string {
  const sum = route.backends.reduce((total, each) => total + each.weight, 0)
  let at = route.admitted++ % sum
  for (const backend of route.backends) {
    at -= backend.weight
    if (at < 0) return backend.name
  }
  throw new Error('500: no backend has weight')
}

function condition(type: string, observedGeneration: number) {
  const lastTransitionTime = '2026-01-01T00:00:00Z'
  return { type, status: 'True', reason: type, message: '', observedGeneration, lastTransitionTime }
}

async function tell(admin: KubernetesClient, path: string, name: string, parents: unknown[]): Promise<void> {
  const body = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    status: { parents },
  }
  const query = { fieldManager: 'test-gateway', force: 'true' }
  await admin.call({ method: 'PATCH', path, query, body, contentType: 'application/apply-patch+yaml' })
}
