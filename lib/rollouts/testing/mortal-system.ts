import type pg from 'pg'
import { builtinRegistry } from '#lib/models/builtin-registry.ts'
import type { Ports, System } from '#lib/platform/context.ts'
import { kyselyOn, openPool } from '#lib/platform/db/connect.ts'
import type { Database } from '#lib/platform/db/schema.ts'
import { registerWriter } from '#lib/platform/db/writer.ts'
import type { TestSystem } from '../../../tests/support/system.ts'

/** The process ended here: nothing after it happens, and nobody hears of it. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied'
}

export type MortalSystem = {
  system: System
  /** SQL statements and port calls so far, in order. */
  calls: string[]
  isDead(): boolean
  /** What the operating system does for a dead process: its connections break, open transactions are rolled back. */
  bury(): Promise<void>
}

/**
 * A system of its own on the test's database and data plane, as another process would have it, which dies before its n-th
 * statement or port call (from 1; null: never). Dying after a call is dying before the next one: nothing lies between.
 */
export function mortalSystem(t: TestSystem, diesBefore: number | null): MortalSystem {
  const calls: string[] = []
  let dead = false
  const life = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    if (!dead) calls.push(name)
    if (calls.length === diesBefore) dead = true
    if (dead) throw new ProcessDied(name)
    const answer = await call()
    // Whoever runs beside the call that died does not hear the answer either.
    if (isDead()) throw new ProcessDied(name)
    return answer
  }
  const isDead = () => dead
  const sockets = new Set<{ destroy(): void }>()
  const pool = (role: 'writer' | 'reader') => {
    const options = { url: t.databaseUrl, role, max: 2, applicationName: 'mortal', onError: () => undefined }
    return mortalPool(openPool(options), life, sockets)
  }
  const pools = [pool('writer'), pool('reader')] as const
  const db = kyselyOn<Database>(pools[1])
  registerWriter(db, kyselyOn<Database>(pools[0]))
  const system: System = {
    ...t.system,
    db,
    notify: () => undefined,
    ports: {
      traffic: (cluster) => mortal('traffic', t.system.ports.traffic(cluster), life),
      cluster: (cluster) => mortal('cluster', t.system.ports.cluster(cluster), life),
      kms: () => mortal('kms', t.system.ports.kms(), life),
      checkpoints: () => t.system.ports.checkpoints(),
      notifier: () => mortal('notifier', t.system.ports.notifier(), life),
      upstream: (settings) => mortal('upstream', t.system.ports.upstream(settings), life),
      registry: (id) =>
        mortal(
          'registry',
          builtinRegistry(() => system, id),
          life,
        ),
    } satisfies Ports,
  }
  const bury = async () => {
    dead = true
    for (const socket of sockets) socket.destroy()
    await Promise.all(pools.map((each) => each.end()))
  }
  return { system, calls, isDead, bury }
}

type Life = <T>(name: string, call: () => Promise<T>) => Promise<T>

/** A port whose every call may be the one before which the process dies. */
function mortal<P extends object>(name: string, port: P, life: Life): P {
  return new Proxy(port, {
    get: (target, key, receiver) => {
      const method: unknown = Reflect.get(target, key, receiver)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) =>
        life(`${name}.${String(key)}`, () => Promise.resolve(Reflect.apply(method, target, args)))
    },
  })
}

function mortalPool(pool: pg.Pool, life: Life, sockets: Set<{ destroy(): void }>): pg.Pool {
  const known = new WeakSet<pg.PoolClient>()
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>
  const patched = async (): Promise<pg.PoolClient> => {
    const client = await connect()
    if (known.has(client)) return client
    known.add(client)
    sockets.add((client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream)
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
    const patchedQuery = (...args: unknown[]) => life(textOf(args[0]), () => query(...args))
    Object.assign(client, { query: patchedQuery })
    return client
  }
  return Object.assign(pool, { connect: patched })
}

function textOf(query: unknown): string {
  return (typeof query === 'string' ? query : (query as { text: string }).text).slice(0, 60)
}
