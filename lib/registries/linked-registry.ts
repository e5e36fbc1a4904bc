import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { AliasReading, AliasWriteResult, RegistryPort } from '#lib/platform/ports/registry.ts'
import type { Upstream } from '#lib/platform/ports/upstream.ts'
import { selectRegistry } from './queries.ts'
import { selectLink, selectNumbers, upsertAliasState } from './queries-work.ts'
import { openSettings } from './sealed.ts'

/**
 * The registry of a workspace: our own for models that are only here; for one that was imported, its alias is written here
 * first (that is the intent, and the condition among our own writers), then where it came from, and read back there. What
 * is interrupted between the two is carried out by the synchronisation.
 */
export function linkedRegistry(system: () => System, workspaceId: string, own: RegistryPort): RegistryPort {
  return {
    readAlias: (model, alias) =>
      through(system(), workspaceId, model, {
        here: () => own.readAlias(model, alias),
        there: (link) => readThere(link, alias),
      }),
    writeAlias: (model, alias, version, options) =>
      through<AliasWriteResult>(system(), workspaceId, model, {
        here: () => own.writeAlias(model, alias, version, options),
        there: async (link) => {
          const number = version === null ? undefined : link.numbers.get(version)
          if (version === null) return { kind: 'refused', because: 'an alias in service is moved, not removed' }
          // Registered here only: there is nothing at the registry that could be named.
          if (number === undefined) return own.writeAlias(model, alias, version, options)
          const found = await readThere(link, alias)
          if (found.kind !== 'observed') return found
          if (found.version !== version && found.version !== options.expected) {
            return { kind: 'conflict', observed: found.version }
          }
          const intent = await own.readAlias(model, alias)
          const expected = intent.kind === 'observed' ? intent.version : null
          const intended = await own.writeAlias(model, alias, version, { expected })
          if (intended.kind !== 'written') return intended
          return writeThere(system(), link, { alias, version, number, before: found.version })
        },
      }),
  }
}

type Link = { registryId: string; name: string; numbers: Map<string, number>; upstream: Upstream }

async function through<T>(
  system: System,
  workspaceId: string,
  model: string,
  ways: { here: () => Promise<T>; there: (link: Link) => Promise<T> },
): Promise<T> {
  const link = await selectLink(system.db, workspaceId, model)
  const row = link && (await selectRegistry(system.db, link.registryId))
  if (!link || !row) return ways.here()
  const numbers = await selectNumbers(system.db, link.registryId, link.name)
  const upstream = system.ports.upstream(openSettings(system.secrets, row))
  try {
    return await ways.there({ ...link, numbers, upstream })
  } finally {
    await upstream.close()
  }
}

async function readThere({ upstream, name, numbers }: Link, alias: string): Promise<AliasReading> {
  const reading = await upstream.registry.readAlias(name, alias)
  if (reading.kind !== 'observed' || reading.version === null) return reading
  const known = [...numbers].find(([, number]) => String(number) === reading.version)
  if (known) return { kind: 'observed', version: known[0] }
  // Told by its number, which is none of our ids, so that nobody takes it for what they expect.
  return { kind: 'observed', version: `${name} version ${reading.version}` }
}

async function writeThere(
  system: System,
  link: Link,
  write: { alias: string; version: string; number: number; before: string | null },
): Promise<AliasWriteResult> {
  const { alias, version, number, before } = write
  const { registryId, name, numbers, upstream } = link
  const expected = before === null ? null : String(numbers.get(before) ?? '')
  const result = await upstream.registry.writeAlias(name, alias, String(number), { expected })
  if (result.kind === 'written') {
    const now = system.clock.now()
    await housekeep(system, 'registry-mirror', (tx) =>
      upsertAliasState(tx, { registryId, name, alias }, { verified: version, reported: null, now }),
    )
    return { ...result, before, readBack: version }
  }
  const told = (value: string | null) => [...numbers].find(([, n]) => String(n) === value)?.[0] ?? value
  if (result.kind === 'conflict') return { kind: 'conflict', observed: told(result.observed) }
  if (result.kind === 'overwritten') return { kind: 'overwritten', before, readBack: told(result.readBack) }
  return result
}
