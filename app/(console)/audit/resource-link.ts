import { paths } from '../../paths.ts'

const pageOf: Readonly<Record<string, (id: string) => string>> = {
  ap: paths.approval,
  mo: paths.model,
  ep: paths.endpoint,
  ro: paths.rollout,
  in: paths.incident,
  sl: paths.slo,
  mn: paths.driftMonitor,
}

/** The page of a resource by its id's prefix, or null for what has no page of its own. */
export function resourceHref(id: string): string | null {
  return pageOf[id.slice(0, id.indexOf('_'))]?.(id) ?? null
}
