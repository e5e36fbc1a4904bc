import { setTimeout as delay } from 'node:timers/promises'
import type { KubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'

/** What of one object a gateway serves, and whether its controller has said so already. */
export type RouteSeen = {
  name: string
  generation: number
  /** Null when the object sends nothing to anybody. */
  serves: { path: string; backends: { name: string; weight: number }[] } | null
  told: boolean
}

/** How one kind of object is read and answered, by its specification. */
export type Dialect = {
  collection: string
  apiVersion: string
  kind: string
  read(list: unknown): RouteSeen[]
  status(route: RouteSeen): Record<string, unknown>
}

export type Gateway = {
  /** The Service that one request to a path is sent to. */
  admit(path: string): string
  close(): Promise<void>
}

type Taken = { generation: number; path: string; backends: { name: string; weight: number }[]; admitted: number }

const pollMs = 20

/**
 * A gateway and its controller as far as weights go: takes up what the API server says a little later, keeps it while the server
 * is away, and tells in the status which generation it serves. It is built on the specifications, not on our adapters.
 */
export function startGateway(admin: KubernetesClient, dialect: Dialect): Gateway {
  const taken = new Map<string, Taken>()
  const ended = new AbortController()

  const takeUp = async (route: RouteSeen) => {
    const { name, generation, serves } = route
    if (serves === null) taken.delete(name)
    else if (taken.get(name)?.generation !== generation) taken.set(name, { generation, ...serves, admitted: 0 })
    if (route.told) return
    // Only after the swap: what the status says is served.
    await admin.call({
      method: 'PATCH',
      path: `${dialect.collection}/${name}/status`,
      query: { fieldManager: 'test-gateway', force: 'true' },
      body: {
        apiVersion: dialect.apiVersion,
        kind: dialect.kind,
        metadata: { name },
        status: dialect.status(route),
      },
      contentType: 'application/apply-patch+yaml',
    })
  }
  const loop = (async () => {
    while (!ended.signal.aborted) {
      const answer = await admin.call({ method: 'GET', path: dialect.collection })
      if (answer.kind === 'answer' && answer.status === 200) {
        for (const route of dialect.read(answer.body)) await takeUp(route)
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
