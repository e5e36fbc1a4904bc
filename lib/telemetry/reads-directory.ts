import type { Clock } from '#lib/platform/clock.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import type { Directory } from './admit.ts'
import { selectKnownEndpoints, selectKnownVersions } from './queries.ts'

type Found = { workspaceId: string; modelId: string }
type Entry<T> = { value: T | undefined; untilMs: number }

const entriesMax = 20_000
/** What exists stays as it is; that something does not exist is believed for this long. */
const absentMs = 2000
const lookupsMax = 1000

/** A directory that remembers what it has looked up, and looks up what `learn` is asked for. Bounded. */
export function rememberingDirectory(
  db: Reader,
  clock: Pick<Clock, 'monotonicMs'>,
): Directory & { learn(names: { endpoints: Set<string>; versions: Set<string> }): Promise<void> } {
  const endpoints = new Map<string, Entry<Found>>()
  const versions = new Map<string, Entry<{ modelId: string }>>()
  return {
    endpoint: (id) => endpoints.get(id)?.value,
    version: (id) => versions.get(id)?.value,
    async learn(names) {
      const nowMs = clock.monotonicMs()
      await Promise.all([
        learnInto(endpoints, names.endpoints, nowMs, (ids) => selectKnownEndpoints(db, ids)),
        learnInto(versions, names.versions, nowMs, (ids) => selectKnownVersions(db, ids)),
      ])
    },
  }
}

async function learnInto<T extends object>(
  known: Map<string, Entry<T>>,
  asked: ReadonlySet<string>,
  nowMs: number,
  select: (ids: readonly string[]) => Promise<(T & { id: string })[]>,
): Promise<void> {
  const unknown = [...asked].filter((id) => (known.get(id)?.untilMs ?? -Infinity) <= nowMs)
  // A request that names more things than there are endpoints is made up: what is beyond the limit stays unknown.
  const ids = unknown.slice(0, lookupsMax)
  if (ids.length === 0) return
  const found = new Map((await select(ids)).map((row) => [row.id, row]))
  if (known.size + ids.length > entriesMax) known.clear()
  for (const id of ids) {
    const value = found.get(id)
    known.set(id, { value, untilMs: value ? Infinity : nowMs + absentMs })
  }
}
