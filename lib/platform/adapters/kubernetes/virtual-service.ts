import { z } from 'zod'
import type { TrafficChange, Weight } from '../../ports/traffic.ts'
import { serverName } from './names.ts'
import type { Backend, Spec, TrafficKind } from './traffic-kind.ts'

export type VirtualServiceSettings = {
  namespace: string
  /** Istio Gateways, as `namespace/name`, or `mesh`. */
  gateways: readonly string[]
  /** Host names that the VirtualServices answer to. */
  hosts: readonly string[]
  /** The port of each version's Service. */
  servicePort: number
  /**
   * `reported`: istiod writes the status (it does with PILOT_ENABLE_STATUS), and a write is told as applied when it says so.
   * `silent`: it does not; then `applied` can only mean that the API server has taken the write, and the mesh follows.
   */
  status: 'reported' | 'silent'
}

// Rules are found again by name, never by index: others may put theirs beside ours.
const mainRule = 'quarterdeck'
const audienceRule = 'quarterdeck-audience'

const ruleSchema = z.looseObject({
  name: z.string().optional(),
  route: z
    .array(
      z.looseObject({
        destination: z.looseObject({ host: z.string(), subset: z.string().optional() }),
        weight: z.number().optional(),
      }),
    )
    .optional(),
})
const specSchema = z.looseObject({ http: z.array(ruleSchema).optional() })
const statusSchema = z.looseObject({
  observedGeneration: z.union([z.number(), z.string().transform(Number)]).optional(),
  conditions: z.array(z.looseObject({ type: z.string().optional(), status: z.string().optional() })).optional(),
})

/**
 * Weights as `http[].route[].weight` of an Istio VirtualService, an audience as a rule with a header match.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/
 */
export function virtualService(settings: VirtualServiceSettings): TrafficKind {
  const fixed = { hosts: [...settings.hosts], gateways: [...settings.gateways] }
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    collection: `/apis/networking.istio.io/v1/namespaces/${settings.namespace}/virtualservices`,
    owned: ['f:spec', 'f:http'],
    unable: ({ sticky, audience, stableVersionId }) => {
      if (sticky) return 'a VirtualService does not keep a key on its side of the weights: leave out `sticky`'
      return audience && stableVersionId === undefined ? 'an audience needs the stable version for everyone else' : null
    },
    spec: (change, before) => ({ ...fixed, http: [...rulesOf(change, settings), ...others(before)] }),
    detached: (endpointId, before) => ({
      ...fixed,
      http: [{ name: mainRule, match: [matchOf(endpointId)], directResponse: { status: 404 } }, ...others(before)],
    }),
    backends,
    pending: ({ metadata, status }) =>
      settings.status === 'silent' ? null : pendingAt(metadata.generation ?? 0, status),
  }
}

function rulesOf(change: TrafficChange, { servicePort }: VirtualServiceSettings): Spec[] {
  const match = matchOf(change.endpointId)
  const rewrite = { uri: '/' }
  const route = (weights: readonly Weight[]) =>
    weights.map(({ versionId, percent }) => ({
      destination: { host: serverName(change.endpointId, versionId), port: { number: servicePort } },
      weight: percent,
    }))
  const { audience, stableVersionId } = change
  if (!audience || stableVersionId === undefined) {
    return [{ name: mainRule, match: [match], rewrite, route: route(change.weights) }]
  }
  // Header names are matched in lower case.
  const headers = { [audience.header.toLowerCase()]: { exact: audience.equals } }
  const everyoneElse = [{ versionId: stableVersionId, percent: 100 }]
  return [
    { name: audienceRule, match: [{ ...match, headers }], rewrite, route: route(change.weights) },
    { name: mainRule, match: [match], rewrite, route: route(everyoneElse) },
  ]
}

// With the last slash: a prefix here is one of characters, and `/endpoints/a` would take the traffic of `/endpoints/ab`.
function matchOf(endpointId: string) {
  return { uri: { prefix: `/endpoints/${encodeURIComponent(endpointId)}/` } }
}

function others(before: Spec | null): Spec[] {
  const rules = specSchema.safeParse(before ?? {}).data?.http ?? []
  return rules.filter((rule) => rule.name !== mainRule && rule.name !== audienceRule)
}

function backends(spec: Spec): Backend[] {
  const rules = specSchema.safeParse(spec).data?.http ?? []
  const named = (name: string) => rules.find((rule) => rule.name === name)
  const routes = (named(audienceRule) ?? named(mainRule) ?? rules[0])?.route ?? []
  // A destination that stands alone gets everything without saying so.
  const unsaid = routes.length === 1 ? 100 : 0
  return routes.map(({ destination: { host, subset }, weight }) => ({
    name: subset === undefined ? host : `${host}/${subset}`,
    weight: weight ?? unsaid,
  }))
}

function pendingAt(generation: number, status: unknown): string | null {
  const told = statusSchema.safeParse(status).data
  const reconciled = told?.conditions?.some((each) => each.type === 'Reconciled' && each.status === 'True') ?? false
  if (reconciled && (told?.observedGeneration ?? 0) >= generation) return null
  return `istiod has not taken up generation ${generation} of the VirtualService: see that it runs and reports the status`
}
