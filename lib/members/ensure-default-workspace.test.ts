import { afterAll, beforeAll, expect, it } from 'vitest'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { ensureDefaultWorkspace } from './ensure-default-workspace.ts'
import { personas } from './model.ts'
import { findWorkspace } from './reads.ts'

let t: TestSystem
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())

it('processes that start together make one workspace with every role once', async () => {
  await Promise.all(Array.from({ length: 4 }, () => ensureDefaultWorkspace(t.system)))
  const made = await findWorkspace(t.system, 'default')
  const held = await t.system.db
    .selectFrom('role_binding as b')
    .innerJoin('identity as i', 'i.id', 'b.identity_id')
    .select(['i.subject', 'b.role'])
    .where('b.workspace_id', '=', made?.id ?? '')
    .where('i.kind', '=', 'person')
    .execute()
  const given = held.map(({ subject, role }) => `${subject} ${role}`).sort()
  expect(given).toEqual(personas.flatMap(({ subject, roles }) => roles.map((role) => `${subject} ${role}`)).sort())
})
