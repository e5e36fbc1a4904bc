import { expireApprovals } from '#lib/approvals/expire-approvals.ts'
import { reconcileAttestations } from '#lib/attestations/reconcile.ts'
import { checkStatements } from '#lib/attestations/reads-check.ts'
import { observeLag } from '#lib/audit/lag.ts'
import { monitorLog } from '#lib/audit/monitor.ts'
import { publishLog } from '#lib/audit/publish.ts'
import { retainDetail } from '#lib/audit/retain.ts'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import { reconcileDrift } from '#lib/drift/reconcile.ts'
import { reconcileEndpoints } from '#lib/endpoints/reconcile.ts'
import { reconcileIncidents } from '#lib/incidents/reconcile.ts'
import { expireClaimRoles } from '#lib/members/expire-claim-roles.ts'
import { reconcileDeliveries } from '#lib/notifications/reconcile-deliveries.ts'
import { reconcileReminders } from '#lib/notifications/reconcile-reminders.ts'
import { reconcileNotifications } from '#lib/notifications/reconcile.ts'
import type { Channel, System } from '#lib/platform/context.ts'
import { releaseLease, takeLease } from '#lib/platform/lease.ts'
import { reconcileRegistries } from '#lib/registries/reconcile.ts'
import { reconcileRollouts } from '#lib/rollouts/reconcile.ts'
import { reconcileSlos } from '#lib/slos/reconcile.ts'

/** What a worker runs: a turn, how often at least, and the hint that wakes it earlier. */
export type ReconcilerEntry = {
  name: string
  intervalMs: number
  wakes: readonly Channel[]
  turn: (system: System, holder: string) => Promise<number>
}

const sequencerLeaseSeconds = 10

/** The table of reconcilers. Adding one is adding a line. */
export const reconcilers: readonly ReconcilerEntry[] = [
  { name: 'audit-sequencer', intervalMs: 1_000, wakes: ['audit'], turn: sequenceUnderLease },
  { name: 'audit-lag', intervalMs: 10_000, wakes: [], turn: watchLag },
  { name: 'claim-roles', intervalMs: 30_000, wakes: [], turn: expireClaimRoles },
  { name: 'audit-publish', intervalMs: 5_000, wakes: [], turn: publishLog },
  { name: 'audit-monitor', intervalMs: 15_000, wakes: [], turn: watchLog },
  { name: 'audit-retention', intervalMs: 600_000, wakes: [], turn: retainDetail },
  { name: 'approvals', intervalMs: 30_000, wakes: ['approvals'], turn: expireApprovals },
  { name: 'attestations', intervalMs: 2_000, wakes: ['audit'], turn: reconcileAttestations },
  { name: 'registries', intervalMs: 1_000, wakes: ['registries'], turn: reconcileRegistries },
  { name: 'endpoints', intervalMs: 1_000, wakes: ['endpoints'], turn: reconcileEndpoints },
  { name: 'rollouts', intervalMs: 500, wakes: ['rollouts'], turn: reconcileRollouts },
  { name: 'drift', intervalMs: 1_000, wakes: ['drift'], turn: reconcileDrift },
  { name: 'slos', intervalMs: 1_000, wakes: ['slos'], turn: reconcileSlos },
  { name: 'notifications', intervalMs: 1_000, wakes: ['audit'], turn: reconcileNotifications },
  { name: 'reminders', intervalMs: 30_000, wakes: [], turn: reconcileReminders },
  { name: 'deliveries', intervalMs: 2_000, wakes: ['notifications'], turn: reconcileDeliveries },
  { name: 'incidents', intervalMs: 1_000, wakes: ['incidents', 'audit'], turn: reconcileIncidents },
]

// The row lock alone keeps two sequencers apart; the lease keeps the others from waiting at it.
async function sequenceUnderLease(system: System, holder: string): Promise<number> {
  const lease = await takeLease(system, 'audit-sequencer', holder, sequencerLeaseSeconds)
  if (!lease) return 0
  return sequenceEntries(system)
}

// Every worker watches, also while another one has the sequencer's lease: that one may be stuck.
async function watchLag(system: System): Promise<number> {
  await observeLag(system)
  return 0
}

function watchLog(system: System, holder: string): Promise<number> {
  return monitorLog(system, holder, checkStatements)
}

/** Gives back early what this worker holds for longer than a turn. */
export async function releaseHeld(system: System, holder: string): Promise<void> {
  const lease = await takeLease(system, 'audit-sequencer', holder, 1)
  if (lease) await releaseLease(system, lease)
}
