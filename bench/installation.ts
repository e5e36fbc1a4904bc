import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Role } from '#lib/access/actions.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { newRequestId, systemCtx } from '#lib/platform/call.ts'
import type { Clock } from '#lib/platform/clock.ts'
import { readConfig } from '#lib/platform/config.ts'
import type { Ctx, Ports, System } from '#lib/platform/context.ts'
import { startEmbeddedPostgres } from '#lib/platform/db/embedded.ts'
import { migrate } from '#lib/platform/db/migrate.ts'
import { migrations } from '#lib/platform/db/migrations/all.ts'
import { openSystem } from '#lib/system.ts'
import { noOutsidePorts } from '#lib/system/bind-ports.ts'

/** Gives the owner's URL of a migrated, durable PostgreSQL of the benchmark's own, gone when `use` has ended. */
export async function onBenchPostgres(use: (ownerUrl: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-bench-'))
  try {
    // PostgreSQL may run as another user, who has to pass here.
    await chmod(folder, 0o711)
    const postgres = await startEmbeddedPostgres({ dataFolder: path.join(folder, 'postgres') })
    try {
      await migrate({ ownerUrl: postgres.url, migrations, now: new Date() })
      await use(postgres.url)
    } finally {
      await postgres.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Gives a system on such a PostgreSQL. Without `ports` it reaches nothing outside; `env` adds to its configuration. */
export async function onBenchSystem(
  use: (system: System, ownerUrl: string) => Promise<void>,
  options: { env?: Record<string, string>; clock?: Clock; ports?: (system: () => System) => Ports } = {},
): Promise<void> {
  const { env = {}, clock, ports = noOutsidePorts } = options
  await onBenchPostgres(async (databaseUrl) => {
    const { system, close } = await openSystem({
      config: readConfig({ LOG_LEVEL: 'error', ...env }),
      databaseUrl,
      secret: 'a secret of a benchmark, 32 characters',
      role: 'bench',
      ports,
      ...(clock && { clock }),
    })
    try {
      await use(system, databaseUrl)
    } finally {
      await close()
    }
  })
}

/** A context of a person who holds the role in the workspace; the same name is the same person. */
export async function benchPerson(
  system: System,
  workspaceId: string,
  of: { role: Exclude<Role, 'worker'>; name: string },
): Promise<Ctx> {
  const person = { issuer: 'https://bench.invalid', subject: of.name, name: of.name }
  const { identityId: actorId } = await bindRole(systemCtx(system, workspaceId), { ...person, role: of.role })
  const actor = { ...person, kind: 'person' as const, via: 'api' as const }
  return { ...system, actor, actorId, workspaceId, requestId: newRequestId(system) }
}
