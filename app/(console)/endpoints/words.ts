import type { EndpointState, EndpointView } from '#lib/endpoints/model.ts'
import type { StatusOf } from '../../_ui/status.tsx'

/** The state of an endpoint with the shape and hue that it has everywhere. */
export const endpointWords: Record<EndpointState, { of: StatusOf; words: string }> = {
  empty: { of: 'draft', words: 'Empty' },
  deploying: { of: 'running', words: 'Deploying' },
  serving: { of: 'serving', words: 'Serving' },
  degraded: { of: 'degraded', words: 'Degraded' },
  unreachable: { of: 'unknown', words: 'Unreachable' },
}

const worstFirst: readonly EndpointState[] = ['unreachable', 'degraded', 'deploying', 'serving', 'empty']

/** By health, worst first, then by name. */
export function byHealth(a: EndpointView, b: EndpointView): number {
  return worstFirst.indexOf(a.state) - worstFirst.indexOf(b.state) || a.name.localeCompare(b.name, 'en')
}

/**
 * Who gets how much, e.g. `1.0.0 95 %, 1.1.0 5 %`; versions by name where the endpoint knows them, else by id. One that gets
 * nothing is left out, as it is when what was read back is compared with what is intended.
 */
export function weightsText(
  weights: readonly { versionId: string; percent: number }[],
  endpoint: Pick<EndpointView, 'stable' | 'candidate'>,
): string {
  return weights
    .filter((w) => w.percent > 0)
    .map((w) => `${versionName(w.versionId, endpoint)} ${w.percent}\u00a0%`)
    .join(', ')
}

/** The version's name if it is the stable or the candidate one. */
export function versionName(
  versionId: string,
  { stable, candidate }: Pick<EndpointView, 'stable' | 'candidate'>,
): string {
  return [stable, candidate].find((each) => each?.versionId === versionId)?.version ?? versionId
}

/** Whether what was read back is what is intended; null when nothing was read. */
export function asIntended({ intended, observed }: Pick<EndpointView, 'intended' | 'observed'>): boolean | null {
  if (!observed?.traffic) return null
  const key = (weights: readonly { versionId: string; percent: number }[]) =>
    weights
      .filter((w) => w.percent > 0)
      .map((w) => `${w.versionId}=${w.percent}`)
      .sort()
      .join()
  return key(intended) === key(observed.traffic.weights)
}
