import { z } from 'zod'
import type { Dialect } from './gateway.ts'

const metadata = z.looseObject({ name: z.string(), generation: z.number() })
const condition = z.looseObject({ type: z.string(), status: z.string(), observedGeneration: z.number().optional() })

const httpRoutes = z.object({
  items: z.array(
    z.looseObject({
      metadata,
      spec: z.looseObject({
        parentRefs: z.array(z.looseObject({ name: z.string() })).optional(),
        rules: z.array(
          z.looseObject({
            matches: z.array(
              z.looseObject({ path: z.looseObject({ value: z.string() }), headers: z.array(z.unknown()).optional() }),
            ),
            backendRefs: z.array(z.looseObject({ name: z.string(), weight: z.number() })).optional(),
          }),
        ),
      }),
      status: z.looseObject({ parents: z.array(z.looseObject({ conditions: z.array(condition) })) }).optional(),
    }),
  ),
})

/** https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
export function httpRouteDialect(namespace: string, gateway: string): Dialect {
  const parentRef = { name: gateway, namespace }
  return {
    collection: `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`,
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    read: (list) =>
      httpRoutes.parse(list).items.map(({ metadata: { name, generation }, spec, status }) => {
        const attached = (spec.parentRefs ?? []).some((parent) => parent.name === gateway)
        const rule = spec.rules.find((each) => each.matches.every((match) => match.headers === undefined))
        const serves = { path: rule?.matches[0]?.path.value ?? '/', backends: rule?.backendRefs ?? [] }
        const observed = status?.parents[0]?.conditions[0]?.observedGeneration
        const told = attached ? observed === generation : (status?.parents ?? []).length === 0
        return { name, generation, serves: attached ? serves : null, told }
      }),
    status: ({ generation: observedGeneration, serves }) => {
      const lastTransitionTime = '2026-01-01T00:00:00Z'
      const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
        type,
        status: 'True',
        reason: type,
        message: '',
        observedGeneration,
        lastTransitionTime,
      }))
      return { parents: serves === null ? [] : [{ parentRef, controllerName: 'test.example/gateway', conditions }] }
    },
  }
}

const virtualServices = z.object({
  items: z.array(
    z.looseObject({
      metadata,
      spec: z.looseObject({
        http: z.array(
          z.looseObject({
            match: z.array(
              z.looseObject({ uri: z.looseObject({ prefix: z.string() }), headers: z.looseObject({}).optional() }),
            ),
            route: z
              .array(z.looseObject({ destination: z.looseObject({ host: z.string() }), weight: z.number().optional() }))
              .optional(),
          }),
        ),
      }),
      status: z.looseObject({ observedGeneration: z.union([z.number(), z.string()]).optional() }).optional(),
    }),
  ),
})

/** https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
export function virtualServiceDialect(namespace: string): Dialect {
  return {
    collection: `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`,
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    read: (list) =>
      virtualServices.parse(list).items.map(({ metadata: { name, generation }, spec, status }) => {
        const rule = spec.http.find((each) => each.match.every((match) => match.headers === undefined))
        const backends = rule?.route?.map(({ destination, weight }) => ({
          name: destination.host,
          weight: weight ?? 0,
        }))
        const path = rule?.match[0]?.uri.prefix ?? '/'
        const told = Number(status?.observedGeneration) === generation
        return { name, generation, serves: backends === undefined ? null : { path, backends }, told }
      }),
    status: ({ generation: observedGeneration }) => ({
      observedGeneration,
      conditions: [{ type: 'Reconciled', status: 'True', message: '' }],
    }),
  }
}
