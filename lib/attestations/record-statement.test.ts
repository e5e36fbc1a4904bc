import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { recordDecision } from './record-decision.ts'
import { recordStatement } from './record-statement.ts'
import { levels, Statement, statementDigest, vsaType } from './statement.ts'
import { aPersonasVote, aVote, someEvidence } from './statements.fixture.ts'

let t: TestSystem
let ws: TestWorkspace
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
})
afterAll(() => t.close())

const record = (statement: Statement, subjectId: string, kind: 'vote' | 'evidence' = 'vote') =>
  housekeep(t.system, 'lease', (tx) =>
    recordStatement(tx, {
      workspaceId: ws.id,
      kind,
      subjectKind: 'approval',
      subjectId,
      statement,
      now: t.clock.now(),
    }),
  )
const rowOf = (id: string) =>
  t.system.db.selectFrom('attestation').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

describe('recordStatement', () => {
  it('keeps the canonical bytes and their digest, pending and due at once', async () => {
    const { id, digest } = await record(aVote(), 'ap_1')
    const row = await rowOf(id)
    expect(row).toMatchObject({ digest, demo: false, envelope: null, due_at: t.clock.now(), attempts: 0 })
    expect(statementDigest(Buffer.from(row.statement))).toBe(digest)
    expect(JSON.parse(row.statement)).toEqual(aVote())
  })

  it('is one for the same statement', async () => {
    const statement = aVote({ subject: 'twice' })
    expect(await record(statement, 'ap_1')).toEqual(await record(statement, 'ap_1'))
  })

  it('knows a persona by what the statement says', async () => {
    const { id } = await record(aPersonasVote(), 'ap_1')
    expect(await rowOf(id)).toMatchObject({ demo: true })
  })

  it('refuses what is none of our statements', async () => {
    const bad = { ...aVote(), subject: [] } as unknown as Statement
    await expect(record(bad, 'ap_1')).rejects.toThrow(TypeError)
  })

  it('cannot be changed or deleted, also not by whoever may write', async () => {
    const { id } = await record(aVote({ subject: 'fixed' }), 'ap_1')
    const set = (values: { statement?: string; demo?: boolean }) =>
      housekeep(t.system, 'lease', (tx) => tx.updateTable('attestation').set(values).where('id', '=', id).execute())
    await expect(set({ statement: '{}' })).rejects.toThrow('signed once and never changed')
    await expect(set({ demo: true })).rejects.toThrow('signed once and never changed')
    const gone = housekeep(t.system, 'lease', (tx) => tx.deleteFrom('attestation').where('id', '=', id).execute())
    await expect(gone).rejects.toThrow('permission denied')
  })
})

describe('recordDecision', () => {
  it('lists every vote on the revision and all evidence, and no vote on an older one', async () => {
    const approvalId = 'ap_decided'
    const votes = [
      await record(aVote({ approvalId, subject: 'ada' }), approvalId),
      await record(aVote({ approvalId, subject: 'bob' }), approvalId),
    ]
    const old = aVote({ approvalId, subject: 'ada', reason: 'of the first revision' }) as Extract<
      Statement,
      { predicate: { approval: unknown } }
    >
    const older = { ...old.predicate.approval, revision: 1, revisionDigest: `sha256:${'00'.repeat(32)}` }
    await record({ ...old, predicate: { ...old.predicate, approval: older } }, approvalId)
    const evidence = await record(someEvidence(), 'mv_1', 'evidence')
    const made = await housekeep(t.system, 'lease', (tx) =>
      recordDecision(tx, {
        origin: 'https://gov.example',
        workspaceId: ws.id,
        version: { model: 'fraud', version: '7.0.0', digest: `sha256:${'ab'.repeat(32)}` },
        environment: 'production',
        approval: { id: approvalId, revision: 2, revisionDigest: `sha256:${'cd'.repeat(32)}`, expiresAt: null },
        policy: { name: 'production-high-risk', digest: `sha256:${'ef'.repeat(32)}` },
        outcome: 'approved',
        counted: [
          { role: 'approver', issuer: 'https://idp.test' },
          { role: 'validator', issuer: 'https://idp.test' },
        ],
        requesterIssuer: 'https://idp.test',
        evidenceDigests: [evidence.digest],
        at: t.clock.now(),
      }),
    )
    const statement = Statement.parse(JSON.parse((await rowOf(made.id)).statement))
    if (statement.predicateType !== vsaType) throw new Error('no decision')
    expect(statement.predicate.inputAttestations.map((i) => `sha256:${i.digest.sha256}`)).toEqual([
      ...votes.map((v) => v.digest),
      evidence.digest,
    ])
    expect(statement.predicate.verifiedLevels).toEqual([levels.approved, levels.twoPerson, levels.validated])
  })
})
