import { loadApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { loadPrices } from '#lib/costs/load-prices.ts'
import { loadDriftPolicies } from '#lib/drift/reads-policies.ts'
import { systemClock } from '#lib/platform/clock.ts'
import { ConfigError, type Config } from '#lib/platform/config.ts'
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
  const close = async () => {
    await running.close()
    await closePorts()
  }
  return { system: running.system, close }
}
