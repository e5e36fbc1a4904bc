import type { EndpointState } from './state.ts'
import { endpointsMax } from './state.ts'
import { newState, openEndpoint, type Endpoint, type EndpointOptions, type EndpointView } from './endpoint.ts'

export type Endpoints = {
  get(endpointId: string): Endpoint | null
  /** The endpoint, begun when there is none; null when the agent holds as many as it may. */
  open(endpointId: string): Endpoint | null
  views: () => EndpointView[]
  restore(): Promise<void>
  settled(): Promise<void>
}

export type EndpointsOptions = Omit<EndpointOptions, 'onChange'> & { onChange(endpointId: string): void }

/** All endpoints of this agent, as restored from disk. An endpoint that was only begun shows up once it has something. */
export function openEndpoints(o: EndpointsOptions, states: readonly EndpointState[]): Endpoints {
  const open = (state: EndpointState) => {
    const { endpointId } = state
    return openEndpoint({ ...o, onChange: () => o.onChange(endpointId) }, state)
  }
  const all = new Map<string, Endpoint>(states.map((s) => [s.endpointId, open(s)]))
  return {
    get: (id) => all.get(id) ?? null,
    open: (id) => {
      const present = all.get(id)
      if (present || all.size >= endpointsMax) return present ?? null
      const begun = open(newState(id))
      all.set(id, begun)
      return begun
    },
    views: () => [...all.values()].map((e) => e.view()).filter((v) => v.traffic !== null || v.servers.length > 0),
    restore: async () => {
      await Promise.all([...all.values()].map((e) => e.restore()))
    },
    settled: async () => {
      await Promise.all([...all.values()].map((e) => e.settled()))
    },
  }
}
