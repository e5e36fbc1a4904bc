import { verify } from 'node:crypto'
import { mutate } from '#lib/mutate.ts'
import { systemCtx, workerCtx } from '#lib/platform/call.ts'
import { claimDue, releaseClaim, type Claim } from '#lib/platform/claim.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { activateAttestationKey } from './activate-attestation-key.ts'
import { envelopeOf, envelopeText, payloadType, preAuthEncoding } from './dsse.ts'
import { keyidOf } from './keyid.ts'
import { keepEnvelope, lockAttestation, selectAttestation, selectPending, type AttestationRow } from './queries.ts'
import { selectLiveKey, selectRequestedKey, type KeyRow } from './queries-keys.ts'
import { rotateAttestationKey } from './rotate-attestation-key.ts'
import { statementDigest } from './statement.ts'

const leaseSeconds = 30
const claimsMax = 50
const backoffSecondsMax = 300
/** A signature takes milliseconds: a minute without it means that the keys cannot be reached or that nothing runs. */
export const signingAlarmSeconds = 60

/**
 * One turn: makes the keys that are asked for or missing, then signs what waits. Signing twice does no harm: the first
 * envelope that is kept stands. A failure leaves the statement pending and due again, ever more slowly.
 */
export async function reconcileAttestations(system: System, holder: string): Promise<number> {
  let worked = 0
  for (const demo of [false, true]) if (await reconcileKey(system, demo)) worked += 1
  const now = system.clock.now()
  const claims = await housekeep(system, 'lease', (tx) =>
    claimDue(tx, 'attestation', { now, holder, leaseSeconds, limit: claimsMax }),
  )
  for (const claim of claims) if (await signOne(system, claim)) worked += 1
  await observePending(system)
  return worked
}

/** True when a key was begun. A fault of the key management system is told and tried again at the next turn. */
async function reconcileKey(system: System, demo: boolean): Promise<boolean> {
  try {
    const requested = await requestedKey(system, demo)
    if (!requested) return false
    const kms = system.ports.kms()
    await kms.ensureKey(requested.keyRef)
    const publicKey = await kms.publicKey(requested.keyRef)
    await activateAttestationKey(systemCtx(system), { demo, id: requested.id, keyid: keyidOf(publicKey), publicKey })
    return true
  } catch (error) {
    // Another worker did it first: as good.
    if (!isProblem(error, 'conflict'))
      system.log.error({ err: error, demo }, 'a signing key could not be made; the next turn tries again')
    return false
  }
}

/** The key that is asked for; the first one is asked for here, when there is something to sign. */
async function requestedKey(system: System, demo: boolean): Promise<KeyRow | undefined> {
  const requested = await selectRequestedKey(system.db, demo)
  if (requested || (await selectLiveKey(system.db, demo))) return requested
  if ((await selectPending(system.db, demo)).pending === 0) return undefined
  await rotateAttestationKey(systemCtx(system), { demo, reason: 'The first signing key of this installation.' })
  return selectRequestedKey(system.db, demo)
}

async function signOne(system: System, claim: Claim): Promise<boolean> {
  try {
    const row = await selectAttestation(system.db, claim.id)
    if (row && row.envelope === null) await sign(system, row, claim)
    return true
  } catch (error) {
    system.log.error({ err: error, attestationId: claim.id, attempts: claim.attempts }, 'a statement was not signed')
    const pauseSeconds = Math.min(backoffSecondsMax, 2 ** Math.min(claim.attempts, 10))
    const due = new Date(system.clock.now().getTime() + pauseSeconds * 1000)
    await housekeep(system, 'lease', (tx) => releaseClaim(tx, 'attestation', claim, due, 'failed'))
    return false
  }
}

async function sign(system: System, row: AttestationRow, claim: Claim): Promise<void> {
  const key = await selectLiveKey(system.db, row.demo)
  if (!key?.keyid || !key.publicKey) throw problem('unavailable', 'There is no signing key yet.')
  const statement = Buffer.from(row.statement, 'utf8')
  if (statementDigest(statement) !== row.digest) throw new Error(`statement ${row.id} has not its own digest`)
  const signed = preAuthEncoding(payloadType, statement)
  const signature = await system.ports.kms().sign(key.keyRef, signed)
  if (!verify('sha256', signed, { key: key.publicKey, dsaEncoding: 'der' }, signature))
    throw problem('unavailable', 'The key management system signed with another key than the one under this name.')
  const envelope = envelopeText(envelopeOf(statement, key.keyid, signature))
  await keep(system, row, claim, { key, envelope })
}

// The key's row is held until the commit: a rotation that came between the signature and here ends this turn instead.
async function keep(
  system: System,
  row: AttestationRow,
  claim: Claim,
  made: { key: KeyRow; envelope: string },
): Promise<void> {
  const { key, envelope } = made
  await mutate(
    workerCtx(system, row.workspaceId),
    {
      action: 'attestation:sign',
      load: async (tx) => {
        const subject = await lockAttestation(tx, row.id)
        const resource = { kind: 'attestation', id: row.id, workspaceId: row.workspaceId }
        return subject && { subject, resource, name: `${row.kind} on ${row.subjectId}` }
      },
    },
    async (tx) => {
      const now = system.clock.now()
      const live = await selectLiveKey(tx, row.demo, true)
      if (live?.id !== key.id || !live.validFrom || row.recordedAt < live.validFrom)
        throw problem('conflict', 'The signing key was rotated, or its interval does not reach to this statement.')
      const envelopeDigest = statementDigest(Buffer.from(envelope, 'utf8'))
      if (!(await keepEnvelope(tx, { id: row.id, fence: claim.fence, envelope, envelopeDigest, keyId: key.id, now })))
        throw problem('conflict', 'Another worker has signed it.')
      const { kind, digest, demo } = row
      const about = { kind: row.subjectKind, id: row.subjectId }
      const after = { kind, about, digest, envelopeDigest, keyid: key.keyid, demo }
      return { value: undefined, audit: { after, because: `A ${kind} was recorded and is signed.` } }
    },
  )
}

/** Sets the gauges and raises the alarm when the oldest statement has waited too long. */
async function observePending(system: System): Promise<void> {
  const { pending, oldestAt } = await selectPending(system.db)
  const lagSeconds = oldestAt === null ? 0 : Math.max(0, (system.clock.now().getTime() - oldestAt.getTime()) / 1000)
  system.metrics.attestationsPending.set(pending)
  system.metrics.attestationLagSeconds.set(lagSeconds)
  if (lagSeconds > signingAlarmSeconds)
    system.log.error({ pending, lagSeconds }, 'attestations wait for a signature: see whether the keys can be reached')
}
