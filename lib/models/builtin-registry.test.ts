import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeRegistry } from '#lib/platform/ports/registry.contract.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { builtinRegistry } from './builtin-registry.ts'
import { servingAlias } from './model.ts'
import { readModel } from './reads.ts'
import { registerModel } from './register-model.ts'
import { registerVersion } from './register-version.ts'

let t: TestSystem
let ws: TestWorkspace
let made = 0
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
})
afterAll(() => t.close())

async function open() {
  const dana = await ws.as('developer')
  made += 1
  const submit = async (modelId: string, version: string) => {
    const digest = `sha256:${'a'.repeat(64)}`
    return (await registerVersion(dana, { modelId, version, digest, artifactUri: 'file:///m' })).id
  }
  const model = await registerModel(dana, { name: `model-${made}`, title: 'Model' })
  const other = await registerModel(dana, { name: `other-${made}`, title: 'Other' })
  const versions = [await submit(model.id, '1.0.0'), await submit(model.id, '2.0.0')] as const
  const foreignVersion = await submit(other.id, '1.0.0')
  return { registry: builtinRegistry(() => t.system, ws.id), model: model.name, versions, foreignVersion }
}

describeRegistry('the builtin registry', open)

describe('the builtin registry', () => {
  it('writes each move into the log as the worker, and shows it on the model', async () => {
    const u = await open()
    await u.registry.writeAlias(u.model, servingAlias, u.versions[0], { expected: null })
    const view = await readModel(await ws.as('viewer'), u.model)
    expect(view.aliases).toMatchObject([{ alias: servingAlias, versionId: u.versions[0] }])
    const entries = await t.system.db
      .selectFrom('audit_entry')
      .select('outcome')
      .where('kind', '=', 'alias:set')
      .where('resource_id', '=', `${view.id}/${servingAlias}`)
      .execute()
    expect(entries).toEqual([{ outcome: 'done' }])
  })

  it('moves an alias in service and never removes it; it sees its own workspace alone', async () => {
    const u = await open()
    await u.registry.writeAlias(u.model, servingAlias, u.versions[0], { expected: null })
    expect(await u.registry.writeAlias(u.model, servingAlias, null, { expected: u.versions[0] })).toMatchObject({
      kind: 'refused',
    })
    const stranger = builtinRegistry(() => t.system, (await t.workspace()).id)
    expect(await stranger.readAlias(u.model, servingAlias)).toMatchObject({ kind: 'absent' })
  })
})
