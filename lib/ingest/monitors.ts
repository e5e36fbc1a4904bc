import { compileMonitor, monitorsByEndpoint, type CompiledMonitor, type EndpointMonitors } from '#lib/drift/fold.ts'
import { parseStoredMonitor } from '#lib/drift/model.ts'
import { selectFoldMonitors, selectMonitorIds } from '#lib/drift/queries.ts'
import type { Reader } from '#lib/platform/db/schema.ts'

const compiledMax = 2000

export type MonitorSource = (endpointIds: Iterable<string>) => Promise<Map<string, EndpointMonitors>>

/**
 * The monitors of endpoints, compiled. Which there are is asked every time, so a new monitor counts from the next commit on;
 * what they are never changes and is remembered, the longest unused forgotten first.
 */
export function compiledMonitors(db: Reader): MonitorSource {
  const compiled = new Map<string, CompiledMonitor>()
  return async (endpointIds) => {
    const endpoints = [...endpointIds]
    if (endpoints.length === 0) return new Map()
    const rows = await selectMonitorIds(db, endpoints)
    const missing = rows.map((row) => row.id).filter((id) => !compiled.has(id))
    if (missing.length > 0)
      for (const row of await selectFoldMonitors(db, missing))
        compiled.set(row.id, compileMonitor(parseStoredMonitor(row)))
    const found = rows.map(({ id }) => compiled.get(id)).filter((monitor) => monitor !== undefined)
    for (const monitor of found) {
      compiled.delete(monitor.id)
      compiled.set(monitor.id, monitor)
    }
    for (const id of compiled.keys()) {
      if (compiled.size <= compiledMax) break
      compiled.delete(id)
    }
    return monitorsByEndpoint(found)
  }
}
