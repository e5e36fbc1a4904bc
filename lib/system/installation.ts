import { loadIssuers } from '#lib/access/issuers.ts'
import { loadApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { loadPrices } from '#lib/costs/load-prices.ts'
import { loadDriftPolicies } from '#lib/drift/reads-policies.ts'
import { refreshAccessRules, type RulesMemory } from '#lib/members/refresh-access-rules.ts'
import { systemClock } from '#lib/platform/clock.ts'
import { ConfigError, type Config } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { migrate } from '#lib/platform/db/migrate.ts'
import { migrations } from '#lib/platform/db/migrations/all.ts'
import { createSecrets } from '#lib/platform/secrets.ts'
import { loadRolloutPolicies } from '#lib/rollouts/load-policies.ts'
import { loadSloPolicies } from '#lib/slos/load-policies.ts'
import { openSystem, type RunningSystem } from '#lib/system.ts'
import { noOutsidePorts, outsidePorts } from './bind-ports.ts'

/**
 * Opens the system of one role from the environment: DATABASE_URL and QUARTERDECK_SECRET must be set (the embedded start
 * sets them for its children). Brings the schema up to date first, and loads and checks every policy.
 * @throws ConfigError when one of them is missing
 */
export async function openRole(config: Config, role: string, options: { outside: boolean }): Promise<RunningSystem> {
  const { databaseUrl, secret } = config
  if (!databaseUrl || !secret) {
    throw new ConfigError(
      `quarterdeck ${role} runs by itself: set DATABASE_URL and QUARTERDECK_SECRET, or use "quarterdeck start" for everything on one machine`,
    )
  }
  await migrate({ ownerUrl: databaseUrl, migrations, now: systemClock.now() })
  await Promise.all([
    loadIssuers(config),
    loadApprovalPolicies(),
    loadRolloutPolicies(),
    loadDriftPolicies(),
    loadSloPolicies(),
    loadPrices(),
  ])
  let closePorts = () => Promise.resolve()
  const running = await openSystem({
    config,
    databaseUrl,
    secret,
    role,
    ports: (system) => {
      if (!options.outside) return noOutsidePorts()
      const bound = outsidePorts(config, createSecrets(secret), system)
      closePorts = bound.close
      return bound.ports
    },
  })
  const stopWatching = watched.has(role) ? await watchAccessRules(running.system) : undefined
  const close = async () => {
    await stopWatching?.()
    await running.close()
    await closePorts()
  }
  return { system: running.system, close }
}

// The roles that run for long. A command that runs once decides by what they have published.
const watched: ReadonlySet<string> = new Set(['web', 'worker'])
const watchIntervalMs = 15_000

// Decisions read the version in force with the roles they rest on, so this poll is for the files and for idle processes.
async function watchAccessRules(system: System): Promise<() => Promise<void>> {
  const ended = new AbortController()
  const memory: RulesMemory = {}
  await refreshAccessRules(system, memory)
  const watch = async () => {
    await system.clock.sleep(watchIntervalMs, ended.signal)
    while (!ended.signal.aborted) {
      await refreshAccessRules(system, memory).catch((error: unknown) =>
        system.log.warn({ err: error }, 'the access rules were not looked at; trying again'),
      )
      await system.clock.sleep(watchIntervalMs, ended.signal)
    }
  }
  const watching = watch()
  return () => {
    ended.abort()
    return watching
  }
}
