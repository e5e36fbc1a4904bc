import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { checkStatements } from './reads-check.ts'
import { reconcileAttestations } from './reconcile.ts'
import { recordStatement } from './record-statement.ts'
import { aVote } from './statements.fixture.ts'

let t: TestSystem
let ws: TestWorkspace
let owner: pg.Client
const ids: string[] = []
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  for (const subject of ['ada', 'bob', 'cyd', 'dan', 'eve']) {
    const about = { kind: 'vote' as const, subjectKind: 'approval', subjectId: 'ap_1', now: t.clock.now() }
    const statement = aVote({ subject, at: t.clock.now() })
    const { id } = await housekeep(t.system, 'lease', (tx) =>
      recordStatement(tx, { workspaceId: ws.id, ...about, statement }),
    )
    ids.push(id)
  }
  for (let turn = 0; turn < 20; turn++) if ((await reconcileAttestations(t.system, 'w1')) === 0) break
  owner = new pg.Client({ connectionString: t.databaseUrl })
  await owner.connect()
})
afterAll(async () => {
  await owner.end()
  await t.close()
})

it('finds nothing wrong with what was recorded and signed, and judges all of it', async () => {
  const told = await checkStatements(t.system, '')
  expect(told.judged).toEqual(ids.toSorted().map((id) => `attestation:${id}`))
  expect([told.wrong.size, told.next]).toEqual([0, ''])
  expect((await checkStatements(t.system, ids.toSorted()[1] ?? '')).judged).toHaveLength(ids.length - 2)
})

it('names each row that the owner of the database changed, and what of it', async () => {
  // The owner alone can: a trigger holds everybody else back.
  await owner.query('alter table attestation disable trigger attestation_fixed')
  const change = (n: number, set: string) => owner.query(`update attestation set ${set} where id = $1`, [ids[n]])
  await change(0, `statement = replace(statement, 'ada', 'eva')`)
  await change(1, `envelope = envelope || ' '`)
  const swapped = `(select envelope from attestation where id = '${ids[4]}')`
  await change(
    2,
    `envelope = ${swapped}, envelope_digest = (select envelope_digest from attestation where id = '${ids[4]}')`,
  )
  await change(3, `envelope = '{}', envelope_digest = 'sha256:' || encode(sha256('{}'::bytea), 'hex')`)
  await owner.query('alter table attestation enable trigger attestation_fixed')
  const { wrong } = await checkStatements(t.system, '')
  const faultOf = (n: number) => wrong.get(`attestation:${ids[n]}`)
  expect(faultOf(0)).toContain('its statement does not give its digest')
  expect(faultOf(1)).toContain('its envelope does not give its digest')
  expect(faultOf(2)).toContain('its envelope holds another statement')
  expect(faultOf(3)).toContain('its envelope cannot be read')
  expect(wrong.size).toBe(4)
})
