import { z } from 'zod'
import type { AliasReading, AliasWriteResult, RegistryPort } from '#lib/platform/ports/registry.ts'
import { UpstreamError } from '#lib/platform/ports/upstream.ts'
import type { MlflowClient } from './client.ts'

const api = '/api/2.0/mlflow'
const AliasAnswer = z.object({ model_version: z.object({ version: z.string() }) })
const ModelAnswer = z.object({ registered_model: z.object({ name: z.string() }) })
const Anything = z.unknown()
/** Read as if they were set: the newest version, and a version by its number. */
const reserved = /^(latest|v\d+)$/i

/**
 * Aliases at MLflow; models by name, versions by number as text. MLflow overwrites unconditionally, so each write is read,
 * compared, written and read back. Writers of this process take turns at an alias; a writer elsewhere can still come
 * between the two reads, and is seen in the second.
 */
export function mlflowRegistry(client: MlflowClient): RegistryPort {
  const inTurn = turns()
  const readAlias = (model: string, alias: string) => observe(client, model, alias)
  return {
    readAlias,
    writeAlias: (model, alias, version, { expected }) =>
      inTurn(`${model}\n${alias}`, async (): Promise<AliasWriteResult> => {
        if (reserved.test(alias)) return { kind: 'refused', because: `MLflow reserves the alias ${alias} for itself` }
        const before = await readAlias(model, alias)
        if (before.kind !== 'observed') return before
        if (before.version === version) {
          return { kind: 'written', before: before.version, readBack: version, conditional: false }
        }
        if (before.version !== expected) return { kind: 'conflict', observed: before.version }
        const failure = await overwrite(client, { model, alias, version })
        if (failure) return failure
        const after = await readAlias(model, alias)
        if (after.kind !== 'observed') return after
        const told = { before: before.version, readBack: after.version }
        return after.version === version
          ? { kind: 'written', ...told, conditional: false }
          : { kind: 'overwritten', ...told }
      }),
  }
}

async function observe(client: MlflowClient, name: string, alias: string): Promise<AliasReading> {
  try {
    const answer = await client.get(`${api}/registered-models/alias`, { name, alias }, AliasAnswer)
    return { kind: 'observed', version: answer.model_version.version }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    if (error.kind === 'absent') return { kind: 'absent', because: error.message }
    // An alias that is not set is answered 400, as are other mistakes: it is not set when its model is there.
    if (error.kind === 'invalid') return observeModel(client, name, error)
    return { kind: 'unreachable', because: error.message }
  }
}

async function observeModel(client: MlflowClient, name: string, first: UpstreamError): Promise<AliasReading> {
  if (!/alias .* not found/i.test(first.message)) return { kind: 'absent', because: first.message }
  try {
    await client.get(`${api}/registered-models/get`, { name }, ModelAnswer)
    return { kind: 'observed', version: null }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return { kind: error.kind === 'absent' ? 'absent' : 'unreachable', because: error.message }
  }
}

async function overwrite(
  client: MlflowClient,
  { model, alias, version }: { model: string; alias: string; version: string | null },
): Promise<AliasWriteResult | undefined> {
  if (version !== null && !/^[1-9]\d{0,9}$/.test(version)) {
    return { kind: 'absent', because: `${version} is no version number of MLflow` }
  }
  const path = `${api}/registered-models/alias`
  try {
    if (version === null) await client.send('DELETE', path, { name: model, alias }, Anything)
    else await client.send('POST', path, { name: model, alias, version }, Anything)
    return undefined
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    if (error.kind === 'absent') return { kind: 'absent', because: error.message }
    // Sent and not answered: it may have been written. The next reading says.
    if (error.kind === 'unreachable') return { kind: 'unreachable', because: error.message }
    return { kind: 'refused', because: error.message }
  }
}

/** Runs what has the same key one after another. Keys are forgotten when nobody waits for them. */
function turns(): <T>(key: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (key, run) => {
    const before = last.get(key) ?? Promise.resolve()
    const mine = before.then(run, run)
    last.set(key, mine)
    try {
      return await mine
    } finally {
      if (last.get(key) === mine) last.delete(key)
    }
  }
}
