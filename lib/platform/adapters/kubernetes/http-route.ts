import { z } from 'zod'
import type { TrafficChange, Weight } from '../../ports/traffic.ts'
import { serverName } from './names.ts'
import type { Backend, Spec, TrafficKind } from './traffic-kind.ts'

export type HttpRouteSettings = {
  namespace: string
  /** The Gateway that the routes attach to. */
  gateway: { name: string; namespace: string }
  /** Host names of the routes; none takes those of the Gateway's listeners. */
  hostnames: readonly string[]
  /** The port of each version's Service. */
  servicePort: number
}

// Rules are found again by name, never by index: others may put theirs beside ours.
const mainRule = 'quarterdeck'
const audienceRule = 'quarterdeck-audience'

const ruleSchema = z.looseObject({
  name: z.string().optional(),
  backendRefs: z.array(z.looseObject({ name: z.string(), weight: z.number().optional() })).optional(),
})
const specSchema = z.looseObject({ rules: z.array(ruleSchema).optional(), parentRefs: z.array(z.unknown()).optional() })
const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  observedGeneration: z.number().optional(),
})
const statusSchema = z.looseObject({
  parents: z.array(
    z.looseObject({
      parentRef: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
      conditions: z.array(conditionSchema).optional(),
    }),
  ),
})

/**
 * Weights as `backendRefs[].weight` of a Gateway API HTTPRoute, an audience as a rule with a header match.
 * https://gateway-api.sigs.k8s.io/reference/spec/#httproute
 */
export function httpRoute(settings: HttpRouteSettings): TrafficKind {
  const parentRefs = [{ name: settings.gateway.name, namespace: settings.gateway.namespace }]
  const hostnames = settings.hostnames.length === 0 ? {} : { hostnames: [...settings.hostnames] }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    collection: `/apis/gateway.networking.k8s.io/v1/namespaces/${settings.namespace}/httproutes`,
    owned: ['f:spec', 'f:rules'],
    unable: ({ sticky, audience, stableVersionId, weights }) => {
      if (sticky) return 'HTTPRoute has no sticky weights in its standard channel: leave out `sticky`'
      if (audience && stableVersionId === undefined) return 'an audience needs the stable version for everyone else'
      return weights.length > 16 ? 'an HTTPRoute rule has room for 16 versions' : null
    },
    spec: (change, before) => ({ parentRefs, ...hostnames, rules: [...rulesOf(change, settings), ...others(before)] }),
    detached: (endpointId, before) => ({
      parentRefs: [],
      ...hostnames,
      rules: [{ name: mainRule, matches: [{ path: pathOf(endpointId) }], backendRefs: [] }, ...others(before)],
    }),
    backends,
    pending: ({ metadata, spec, status }) => pendingAt(settings, metadata.generation ?? 0, spec ?? {}, status),
  }
}

function rulesOf(change: TrafficChange, { servicePort }: HttpRouteSettings): Spec[] {
  const path = pathOf(change.endpointId)
  const filters = [
    { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
  ]
  const refs = (weights: readonly Weight[]) =>
    weights.map(({ versionId, percent }) => ({
      name: serverName(change.endpointId, versionId),
      port: servicePort,
      weight: percent,
    }))
  const { audience, stableVersionId } = change
  if (!audience || stableVersionId === undefined) {
    return [{ name: mainRule, matches: [{ path }], filters, backendRefs: refs(change.weights) }]
  }
  const headers = [{ type: 'Exact', name: audience.header, value: audience.equals }]
  const everyoneElse = [{ versionId: stableVersionId, percent: 100 }]
  return [
    { name: audienceRule, matches: [{ path, headers }], filters, backendRefs: refs(change.weights) },
    { name: mainRule, matches: [{ path }], filters, backendRefs: refs(everyoneElse) },
  ]
}

function pathOf(endpointId: string) {
  return { type: 'PathPrefix', value: `/endpoints/${encodeURIComponent(endpointId)}` }
}

function others(before: Spec | null): Spec[] {
  const rules = specSchema.safeParse(before ?? {}).data?.rules ?? []
  return rules.filter((rule) => rule.name !== mainRule && rule.name !== audienceRule)
}

function backends(spec: Spec): Backend[] {
  const rules = specSchema.safeParse(spec).data?.rules ?? []
  const named = (name: string) => rules.find((rule) => rule.name === name)
  const rule = named(audienceRule) ?? named(mainRule) ?? rules[0]
  // An absent weight is 1 by the specification.
  return (rule?.backendRefs ?? []).map(({ name, weight }) => ({ name, weight: weight ?? 1 }))
}

/** The gateway's controller says in the status which generation it has taken up, for each parent. */
function pendingAt(settings: HttpRouteSettings, generation: number, spec: Spec, status: unknown): string | null {
  const parents = statusSchema.safeParse(status).data?.parents ?? []
  const gateway = `${settings.gateway.namespace}/${settings.gateway.name}`
  const attached = (specSchema.safeParse(spec).data?.parentRefs ?? []).length > 0
  if (!attached) {
    return parents.length === 0 ? null : `the gateway ${gateway} has not let go of the route yet`
  }
  const own = parents.find(
    ({ parentRef }) =>
      parentRef.name === settings.gateway.name &&
      (parentRef.namespace ?? settings.namespace) === settings.gateway.namespace,
  )
  for (const type of ['Accepted', 'ResolvedRefs']) {
    const condition = own?.conditions?.find((each) => each.type === type)
    if (!condition || (condition.observedGeneration ?? 0) < generation) {
      return `the gateway ${gateway} has not taken up generation ${generation} of the route: see that its controller runs`
    }
    if (condition.status !== 'True') {
      return `the gateway ${gateway} does not take the route (${type}: ${condition.reason ?? 'no reason'}): ${(condition.message ?? '').slice(0, 300)}`
    }
  }
  return null
}
