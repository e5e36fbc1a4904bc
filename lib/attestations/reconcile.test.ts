import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { reconcileAttestations } from './reconcile.ts'
import { recordStatement } from './record-statement.ts'
import { rotateAttestationKey } from './rotate-attestation-key.ts'
import type { Statement } from './statement.ts'
import { aPersonasVote, aVote } from './statements.fixture.ts'
import { verifyAttestation } from './verify-attestation.ts'
import { readTrust } from './reads-public.ts'

let t: TestSystem
let ws: TestWorkspace
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
})
afterAll(() => t.close())

const record = (statement: Statement) =>
  housekeep(t.system, 'lease', (tx) => {
    const about = { kind: 'vote' as const, subjectKind: 'approval', subjectId: 'ap_1' }
    return recordStatement(tx, { workspaceId: ws.id, ...about, statement, now: t.clock.now() })
  })
const rowOf = (id: string) =>
  t.system.db.selectFrom('attestation').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const vote = (subject: string) => aVote({ subject, at: t.clock.now() })
const signedAudit = (id: string) =>
  t.system.db
    .selectFrom('audit_entry')
    .select(['kind', 'outcome'])
    .where('resource_id', '=', id)
    .where('kind', '=', 'attestation:sign')
    .execute()
/** Turns until nothing is left to do. */
async function settle() {
  for (let turn = 0; turn < 20; turn++) if ((await reconcileAttestations(t.system, 'w1')) === 0) return
}

describe('reconcileAttestations', () => {
  it('makes the first key, signs what waits and says so in the log, once', async () => {
    const { id, digest } = await record(vote('ada'))
    await settle()
    const row = await rowOf(id)
    const trust = await readTrust(t.system)
    expect(verifyAttestation(JSON.parse(row.envelope ?? ''), trust)).toMatchObject({ digest, demo: false })
    expect(row).toMatchObject({ due_at: null, attempts: 1 })
    expect(await signedAudit(id)).toEqual([{ kind: 'attestation:sign', outcome: 'done' }])
    const { signatures } = t.keys
    await settle()
    expect(t.keys.signatures).toBe(signatures)
  })

  it('signs what personas do with another key, which verifiers refuse unless told', async () => {
    const { id } = await record(aPersonasVote())
    await settle()
    const envelope: unknown = JSON.parse((await rowOf(id)).envelope ?? '')
    const trust = await readTrust(t.system)
    expect(() => verifyAttestation(envelope, trust)).toThrow(expect.objectContaining({ code: 'demo' }))
    expect(verifyAttestation(envelope, trust, { demo: true })).toMatchObject({ demo: true })
    const keys = trust.keys.filter((k) => k.demo)
    expect(keys).toHaveLength(1)
  })

  it('keeps what cannot be signed, raises the alarm, and signs it when the keys can be reached again', async () => {
    t.keys.up = false
    const { id } = await record(vote('bob'))
    await settle()
    expect(await rowOf(id)).toMatchObject({ envelope: null, attempts: 1 })
    t.clock.advance(61_000)
    await reconcileAttestations(t.system, 'w1')
    const { attestationLagSeconds, attestationsPending } = t.system.metrics
    expect((await attestationLagSeconds.get()).values[0]?.value).toBeGreaterThan(60)
    expect((await attestationsPending.get()).values[0]?.value).toBe(1)
    t.keys.up = true
    t.clock.advance(301_000)
    await settle()
    expect((await rowOf(id)).envelope).not.toBeNull()
    expect((await attestationsPending.get()).values[0]?.value).toBe(0)
  })

  it('keeps one of two signatures that are made at once', async () => {
    const { id } = await record(vote('carol'))
    await Promise.all(['w1', 'w2', 'w3'].map((holder) => reconcileAttestations(t.system, holder)))
    await settle()
    expect(await signedAudit(id)).toHaveLength(1)
  })

  it('goes on where a worker died between the signature and its record', async () => {
    const { id } = await record(vote('dave'))
    const sign = t.system.ports.kms
    const dying = {
      ...t.system,
      ports: { ...t.system.ports, kms: () => ({ ...sign(), sign: () => Promise.reject(new Error('killed')) }) },
    }
    await reconcileAttestations(dying, 'w1')
    expect((await rowOf(id)).envelope).toBeNull()
    t.clock.advance(31_000)
    await settle()
    expect(await signedAudit(id)).toHaveLength(1)
  })
})

describe('rotateAttestationKey', () => {
  const admin = () => systemCtx(t.system)
  const liveKey = async () => (await readTrust(t.system)).keys.find((k) => !k.demo && k.validUntil === null)

  it('ends the old interval where the new one takes over, and what was signed before stays believed', async () => {
    const before = await record(vote('erin'))
    await settle()
    const old = await liveKey()
    t.clock.advance(600_000)
    const waiting = await record(vote('frank'))
    await rotateAttestationKey(admin(), { reason: 'once a year' })
    await expect(rotateAttestationKey(admin(), { reason: 'twice' })).rejects.toMatchObject({ code: 'conflict' })
    await settle()
    t.clock.advance(600_000)
    const after = await record(vote('grace'))
    await settle()
    const trust = await readTrust(t.system)
    const fresh = await liveKey()
    expect(fresh?.keyid).not.toBe(old?.keyid)
    expect(trust.keys.find((k) => k.keyid === old?.keyid)?.validUntil).not.toBeNull()
    const keyids = []
    for (const { id } of [before, waiting, after])
      keyids.push(verifyAttestation(JSON.parse((await rowOf(id)).envelope ?? ''), trust).keyid)
    expect(keyids).toEqual([old?.keyid, fresh?.keyid, fresh?.keyid])
    const entries = await t.system.db
      .selectFrom('audit_entry')
      .select('kind')
      .where('resource_kind', '=', 'attestation-key')
      .where('workspace_id', '=', rootWorkspaceId)
      .orderBy('id', 'desc')
      .limit(2)
      .execute()
    expect(entries.map((e) => e.kind)).toEqual(['attestation-key:activate', 'attestation-key:rotate'])
  })

  it('records no signature of a key that was rotated away between the signature and its record', async () => {
    const { id } = await record(vote('heidi'))
    const kms = t.system.ports.kms
    let rotated = false
    const slow = {
      ...t.system,
      ports: {
        ...t.system.ports,
        kms: () => ({
          ...kms(),
          sign: async (keyRef: string, bytes: Uint8Array) => {
            const signature = await kms().sign(keyRef, bytes)
            if (!rotated) {
              rotated = true
              t.clock.advance(1_000)
              await rotateAttestationKey(admin(), { reason: 'while it signs' })
              await reconcileAttestations(t.system, 'w2')
            }
            return signature
          },
        }),
      },
    }
    await reconcileAttestations(slow, 'w1')
    expect(rotated).toBe(true)
    expect((await rowOf(id)).envelope).toBeNull()
    t.clock.advance(60_000)
    await settle()
    const trust = await readTrust(t.system)
    expect(verifyAttestation(JSON.parse((await rowOf(id)).envelope ?? ''), trust).keyid).toBe((await liveKey())?.keyid)
  })

  it('is for the administrators of the installation', async () => {
    const dana = await ws.as('admin', 'dana')
    await expect(rotateAttestationKey(dana, { reason: 'mine' })).rejects.toMatchObject({ code: 'not-found' })
    const viewer = { ...(await ws.as('viewer', 'vera')), workspaceId: rootWorkspaceId }
    await expect(rotateAttestationKey(viewer, { reason: 'mine' })).rejects.toMatchObject({ code: 'forbidden' })
    const denied = await t.system.db
      .selectFrom('audit_entry')
      .select('kind')
      .where('outcome', '=', 'denied')
      .where('actor_id', '=', viewer.actorId)
      .execute()
    expect(denied).toEqual([{ kind: 'attestation-key:rotate' }])
    await expect(rotateAttestationKey(admin(), { keyRef: '../x', reason: 'mine' })).rejects.toMatchObject({
      code: 'invalid',
    })
  })
})
