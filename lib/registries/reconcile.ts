import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import { claimDue, releaseClaim, type Claim } from '#lib/platform/claim.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { UpstreamError, type Upstream } from '#lib/platform/ports/upstream.ts'
import { loadRegistry } from './load-registry.ts'
import type { RegistryState } from './model.ts'
import { selectRegistry, updateState, updateTimes, type RegistryRow } from './queries.ts'
import { reconcileAliases } from './reconcile-aliases.ts'
import { reconcileDigests } from './reconcile-digests.ts'
import { importWaiting } from './reconcile-import.ts'
import { scan } from './reconcile-scan.ts'
import { openSettings } from './sealed.ts'

const leaseSeconds = 300
const claimsMax = 4
/** MLflow bumps no time when an alias or a tag moves, so everything is compared so often. */
const scanSeconds = 30
const backoffSecondsMax = 300

/**
 * One turn: asks each due registry, reads its lists when that is due, imports a batch of what waits, and looks at aliases
 * and artefacts. Each step is bounded and may be repeated, so a turn that ends anywhere is continued by the next.
 */
export async function reconcileRegistries(system: System, holder: string): Promise<number> {
  const now = system.clock.now()
  const claims = await housekeep(system, 'lease', (tx) =>
    claimDue(tx, 'registry', { now, holder, leaseSeconds, limit: claimsMax }),
  )
  for (const claim of claims) await reconcileOne(system, claim)
  return claims.length
}

async function reconcileOne(system: System, claim: Claim): Promise<void> {
  let pauseSeconds = Math.min(backoffSecondsMax, 2 ** Math.min(claim.attempts, 10))
  let outcome: 'done' | 'failed' = 'failed'
  try {
    const row = await selectRegistry(system.db, claim.id)
    if (!row || row.state === 'disabled') return
    pauseSeconds = await synchronise(system, row, claim)
    outcome = 'done'
  } catch (error) {
    if (error instanceof UpstreamError) {
      await noteState(system, claim, { state: 'failing', because: error.message, server: null })
    } else {
      system.log.error({ err: error, registryId: claim.id }, 'a registry could not be synchronised; it is tried again')
    }
  } finally {
    const due = new Date(system.clock.now().getTime() + pauseSeconds * 1000)
    await housekeep(system, 'lease', (tx) => releaseClaim(tx, 'registry', claim, due, outcome))
  }
}

/** Returns after how many seconds the next turn is. */
async function synchronise(system: System, row: RegistryRow, claim: Claim): Promise<number> {
  const upstream = system.ports.upstream(openSettings(system.secrets, row))
  try {
    const server = await upstream.probe()
    await noteState(system, claim, { state: 'connected', because: `MLflow ${server.version} answers.`, server })
    const at = system.clock.now()
    if (isScanDue(row, at)) await scanNow({ system, row, claim, upstream, at })
    const imported = await importWaiting(system, row, upstream)
    await reconcileAliases(system, row, upstream)
    const digested = await reconcileDigests(system, row, upstream)
    const isBehind = imported.more || digested.more
    const now = system.clock.now()
    await housekeep(system, 'registry-mirror', (tx) =>
      updateTimes(tx, claim, { checkedAt: now, ...(isBehind ? {} : { syncedAt: now }) }),
    )
    return isBehind ? 0 : scanSeconds
  } finally {
    await upstream.close()
  }
}

async function scanNow(turn: {
  system: System
  row: RegistryRow
  claim: Claim
  upstream: Upstream
  at: Date
}): Promise<void> {
  const { system, row, claim, upstream, at } = turn
  await scan(system, row, upstream)
  // The time at which it began: a hint that came while it was read asks for another one.
  await housekeep(system, 'registry-mirror', (tx) => updateTimes(tx, claim, { scannedAt: at }))
}

function isScanDue({ scannedAt, hookAt }: RegistryRow, now: Date): boolean {
  if (scannedAt === null || (hookAt !== null && hookAt >= scannedAt)) return true
  return now.getTime() - scannedAt.getTime() >= scanSeconds * 1000 - 500
}

/** A change of the connection's state is a governed finding; that it is as it was is not. */
async function noteState(
  system: System,
  claim: Claim,
  found: { state: RegistryState; because: string; server: { version: string } | null },
): Promise<void> {
  const before = await selectRegistry(system.db, claim.id)
  if (!before || before.state === 'disabled') return
  if (before.state === found.state && before.because === found.because) return
  await mutate(
    workerCtx(system, before.workspaceId),
    { action: 'registry:observe', load: (tx) => loadRegistry(tx, claim.id) },
    async (tx, registry) => {
      const now = system.clock.now()
      if (!(await updateState(tx, claim, { ...found, now })))
        throw new Error(`the claim on registry ${claim.id} was lost`)
      return {
        value: undefined,
        audit: {
          outcome: 'found' as const,
          before: { state: registry.state },
          after: { state: found.state, ...(found.server ? { server: found.server.version } : {}) },
          because: found.because,
        },
      }
    },
  )
}
