import type { Role } from '#lib/access/actions.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { createWorkspace } from '#lib/members/create-workspace.ts'
import { memoryCluster, memoryServers, type MemoryServers } from '#lib/platform/adapters/memory/cluster.ts'
import { memoryKeys, memoryKms, type MemoryKeys } from '#lib/platform/adapters/memory/kms.ts'
import { memoryNotifier, memoryReceiver, type MemoryReceiver } from '#lib/platform/adapters/memory/notifier.ts'
import { memoryPlane, memoryTraffic, type MemoryPlane } from '#lib/platform/adapters/memory/traffic.ts'
import { newRequestId, systemCtx, workerCtx } from '#lib/platform/call.ts'
import { manualClock, type ManualClock } from '#lib/platform/clock.ts'
import { readConfig } from '#lib/platform/config.ts'
import type { Ctx, Ports, System } from '#lib/platform/context.ts'
import { testDatabase } from '#lib/platform/db/test-db.ts'
import { silentLog } from '#lib/platform/log.ts'
import { declareMetrics } from '#lib/platform/metrics.ts'
import { openSystem } from '#lib/system.ts'

export type TestWorkspace = {
  id: string
  name: string
  /** A context of a person who holds just this role here; the same name is the same person. */
  as(role: Exclude<Role, 'worker'>, name?: string): Promise<Ctx>
  worker: Ctx
}

export type TestSystem = {
  system: System
  clock: ManualClock
  databaseUrl: string
  servers: MemoryServers
  /** What mail and webhooks deliver to. */
  receiver: MemoryReceiver
  plane: MemoryPlane
  keys: MemoryKeys
  /** A workspace of its own for each test, so that tests cannot see each other. */
  workspace(): Promise<TestWorkspace>
  close(): Promise<void>
}

/** The instant at which tests start. */
export const testStart = new Date('2026-03-02T09:00:00.000Z')
export const testSecret = 'a secret for tests only, 32 chars or more'

/**
 * A system as `openSystem` makes it, on a database of its own, with a clock that only tests move and with the memory
 * adapters, which pass the ports' contract suites.
 */
export async function testSystem(
  options: { ports?: (system: () => System) => Partial<Ports> } = {},
): Promise<TestSystem> {
  const database = await testDatabase()
  const clock = manualClock(testStart)
  const servers = memoryServers()
  const plane = memoryPlane()
  const keys = memoryKeys()
  const kms = memoryKms(keys)
  const receiver = memoryReceiver()
  const nowMs = () => clock.now().getTime()
  const ports = (system: () => System): Ports => ({
    traffic: () => memoryTraffic(plane, { manager: 'quarterdeck', nowMs }),
    cluster: () => memoryCluster(servers, { nowMs }),
    registry: () => {
      throw new Error('this test has no registry: pass ports to testSystem')
    },
    kms: () => kms,
    checkpoints: () => [],
    notifier: () => memoryNotifier(receiver),
    upstream: () => {
      throw new Error('this test has no outside registry: pass ports to testSystem')
    },
    ...options.ports?.(system),
  })
  const running = await openSystem({
    config: readConfig({ LOG_LEVEL: 'silent' }),
    databaseUrl: database.ownerUrl,
    secret: testSecret,
    role: 'test',
    clock,
    log: silentLog(),
    metrics: declareMetrics(),
    ports,
  })
  let workspaces = 0
  return {
    system: running.system,
    clock,
    databaseUrl: database.ownerUrl,
    servers,
    plane,
    keys,
    receiver,
    workspace: () => {
      workspaces += 1
      return makeWorkspace(running.system, `test-${workspaces}`)
    },
    close: async () => {
      // The notifier coalesces on this clock: what it still holds is sent before the pools close.
      clock.advance(1_000)
      await running.close()
      await database.close()
    },
  }
}

async function makeWorkspace(system: System, name: string): Promise<TestWorkspace> {
  const { id } = await createWorkspace(systemCtx(system), { name, title: name })
  const admin = systemCtx(system, id)
  const as: TestWorkspace['as'] = async (role, who = role) => {
    const person = { issuer: 'https://idp.test', subject: `${name}-${who}`, name: who }
    const held = await system.db
      .selectFrom('identity as i')
      .innerJoin('role_binding as b', 'b.identity_id', 'i.id')
      .select('i.id')
      .where('i.issuer', '=', person.issuer)
      .where('i.subject', '=', person.subject)
      .where('b.role', '=', role)
      .where('b.workspace_id', '=', id)
      .executeTakeFirst()
    const actorId = held?.id ?? (await bindRole(admin, { ...person, role })).identityId
    const actor = { ...person, kind: 'person' as const, via: 'api' as const }
    return { ...system, actor, actorId, workspaceId: id, requestId: newRequestId(system) }
  }
  return { id, name, as, worker: workerCtx(system, id) }
}
