import { claimDue, releaseClaim, type Claim } from '#lib/platform/claim.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { NotifierOutcome } from '#lib/platform/ports/notifier.ts'
import { composeDelivery } from './compose-delivery.ts'
import { retryMs } from './decide.ts'
import { endDelivery, insertAttempt, noteDelivery, selectDelivery } from './queries-deliveries.ts'

const claimsMax = 8
/** Longer than one delivery can take: name, connection, greeting, and an answer, each with its own time limit. */
const leaseSeconds = 120

/**
 * One turn: claims due deliveries and sends each once, outside any transaction. An attempt is recorded whatever came of it;
 * one that a crash left unrecorded is repeated under the same id when the lease has run out (at least once). Returns how many
 * it has claimed.
 */
export async function reconcileDeliveries(system: System, holder: string): Promise<number> {
  const claims = await housekeep(system, 'lease', (tx) =>
    claimDue(tx, 'notification_delivery', { now: system.clock.now(), holder, leaseSeconds, limit: claimsMax }),
  )
  await Promise.all(claims.map((claim) => attempt(system, claim)))
  if (claims.length > 0) system.notify(['changes'])
  return claims.length
}

async function attempt(system: System, claim: Claim): Promise<void> {
  try {
    const delivery = await selectDelivery(system.db, claim.id)
    if (!delivery) return
    const composed = await composeDelivery(system, delivery)
    if (!composed.send) return await end(system, claim, 'dropped', composed.because)
    const startMs = system.clock.monotonicMs()
    const outcome = await system.ports.notifier().deliver(composed.channel, composed.message)
    await record(system, claim, outcome, system.clock.monotonicMs() - startMs)
  } catch (error) {
    // Nothing of ours may hold up the others: it waits as if it had been refused.
    system.log.error({ err: error, deliveryId: claim.id }, 'a delivery failed on our side')
    await record(
      system,
      claim,
      { outcome: 'refused', permanent: false, because: 'it failed on our side; the log says how' },
      0,
    )
  }
}

async function record(system: System, claim: Claim, outcome: NotifierOutcome, durationMs: number): Promise<void> {
  const now = system.clock.now()
  const isAccepted = outcome.outcome === 'accepted'
  const waitMs = isAccepted || outcome.permanent ? null : retryMs(claim.attempts)
  await housekeep(system, 'notification', async (tx) => {
    await insertAttempt(tx, {
      deliveryId: claim.id,
      attempt: claim.attempts,
      at: now,
      outcome: outcome.outcome,
      permanent: !isAccepted && outcome.permanent,
      because: isAccepted ? null : outcome.because,
      providerId: isAccepted ? outcome.providerId : null,
      durationMs: Math.round(durationMs),
    })
    if (isAccepted)
      await endDelivery(tx, claim, { state: 'delivered', because: 'The receiver has taken it over.', now })
    else if (waitMs === null) await endDelivery(tx, claim, { state: 'dead', because: outcome.because, now })
    else {
      await noteDelivery(tx, claim, outcome.because)
      await releaseClaim(tx, 'notification_delivery', claim, new Date(now.getTime() + waitMs), 'failed')
    }
  })
  const words = { deliveryId: claim.id, outcome: outcome.outcome, attempt: claim.attempts }
  system.log.info(isAccepted ? words : { ...words, because: outcome.because }, 'a notification was sent out')
}

async function end(system: System, claim: Claim, state: 'dropped', because: string): Promise<void> {
  await housekeep(system, 'notification', (tx) =>
    endDelivery(tx, claim, { state, because: `Not sent: ${because}.`, now: system.clock.now() }),
  )
}
